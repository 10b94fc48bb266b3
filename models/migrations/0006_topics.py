from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0005_revisions')]

    initial = False

    operations = [
        ops.CreateModel(
            name='TopicLog',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='topic_logs', on_delete=OnDelete.CASCADE)),
                ('position', fields.BigIntField(default=0)),
                ('pruned_position', fields.BigIntField(default=0)),
            ],
            options={'table': 'topic_log', 'app': 'models', 'pk_attr': 'id', 'table_description': 'How far the log of one topic reaches in one account: the positions of its last entry and of the last pruned.'},
            bases=['Stored'],
        ),
        ops.CreateModel(
            name='TopicChange',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('position', fields.BigIntField()),
                ('actor_id', fields.CharField(max_length=40)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('log', fields.ForeignKeyField('models.TopicLog', source_field='log_id', db_constraint=True, to_field='id', related_name='changes', on_delete=OnDelete.CASCADE)),
                ('subject_id', fields.CharField(max_length=40)),
                ('kind', fields.CharField(max_length=30)),
            ],
            options={'table': 'topic_change', 'app': 'models', 'unique_together': (('log', 'position'),), 'pk_attr': 'id', 'table_description': 'One committed change of whatever a topic is about.'},
            bases=['LogEntry'],
        ),
    ]
