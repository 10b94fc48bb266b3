from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0010_feedback_due')]

    initial = False

    operations = [
        ops.CreateModel(
            name='RefusedPush',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('created_at', fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='refused_pushes', on_delete=OnDelete.CASCADE)),
                ('integration', fields.ForeignKeyField('models.Integration', source_field='integration_id', db_constraint=True, to_field='id', related_name='refused_pushes', on_delete=OnDelete.CASCADE)),
                ('errors', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'refused_push', 'app': 'models', 'indexes': [Index(fields=['integration_id', 'id']), Index(fields=['created_at'])], 'pk_attr': 'id', 'table_description': 'A push that was answered with errors, kept for a week so that people see what is wrong.'},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Candidate',
            name='stage_position',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name='Candidate',
            index=Index(fields=['account_id', 'stage_position', 'name', 'id']),
        ),
        ops.AddIndex(
            model_name='Panel',
            index=Index(fields=['account_id', 'feedback_due']),
        ),
    ]
