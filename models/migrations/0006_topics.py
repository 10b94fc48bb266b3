from tortoise import migrations
from tortoise.migrations import operations as ops
from models.changes import ChangeTopic
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0005_revisions')]

    initial = False

    operations = [
        ops.CreateModel(
            name='LogEntry',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('position', fields.BigIntField()),
                ('actor_id', fields.CharField(max_length=40)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='entries', on_delete=OnDelete.CASCADE)),
                ('topic', fields.CharEnumField(null=True, description='a value of ChangeTopic', enum_type=ChangeTopic, max_length=30)),
                ('kind', fields.CharField(max_length=30)),
                ('subject_id', fields.CharField(null=True, max_length=40)),
                ('candidate_id', fields.CharField(null=True, max_length=40)),
                ('panel_id', fields.CharField(null=True, max_length=40)),
                ('user_id', fields.CharField(null=True, max_length=40)),
                ('viewer_id', fields.CharField(null=True, max_length=40)),
                ('newcomers', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('previous_starts_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'log_entry', 'app': 'models', 'unique_together': (('account', 'position'),), 'indexes': [Index(fields=['candidate_id', 'position'])], 'pk_attr': 'id', 'table_description': 'One committed change of anything but a panel, or one that concerns a single viewer. A `Change` is read as one.'},
            bases=['Stored'],
        ),
        ops.CreateModel(
            name='LogOrigin',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=20)),
                ('identity', fields.CharField(max_length=200)),
            ],
            options={'table': 'log_origin', 'app': 'models', 'pk_attr': 'id', 'table_description': 'The database in which the current epoch of all logs began: one row.'},
            bases=['Stored'],
        ),
        ops.AddField(
            model_name='Account',
            name='epoch',
            field=fields.CharField(default='', db_default='', max_length=16),
        ),
        ops.AddField(
            model_name='Change',
            name='newcomers',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='Change',
            name='previous_starts_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
