from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0007_people')]

    initial = False

    operations = [
        ops.CreateModel(
            name='TemplateVersion',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('created_at', fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='template_versions', on_delete=OnDelete.CASCADE)),
                ('template', fields.ForeignKeyField('models.FeedbackTemplate', source_field='template_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT)),
                ('instructions', fields.TextField(null=True, unique=False)),
                ('fields', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'template_version', 'app': 'models', 'indexes': [Index(fields=['template_id'])], 'pk_attr': 'id', 'table_description': 'What a template asked when forms were made from it: kept once for all of them, and never changed.'},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='FeedbackTemplate',
            name='stored_version_id',
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name='FeedbackForm',
            name='version',
            field=fields.ForeignKeyField('models.TemplateVersion', source_field='version_id', null=True, db_constraint=True, to_field='id', related_name='forms', on_delete=OnDelete.RESTRICT),
        ),
    ]
