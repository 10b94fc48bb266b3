from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('models', '0008_template_versions')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('created_at', fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ('user', fields.OneToOneField('models.User', source_field='user_id', db_constraint=True, to_field='id', related_name='calendar_feed', on_delete=OnDelete.CASCADE)),
                ('digest', fields.CharField(unique=True, max_length=64)),
            ],
            options={'table': 'calendar_feed', 'app': 'models', 'pk_attr': 'id', 'table_description': "The secret address at which calendar programs read a user's interviews: one at a time, ended by the next."},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Interview',
            name='calendar_sequence',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Interview',
            name='calendar_stamp',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Interview',
            name='scheduler_uid',
            field=fields.CharField(null=True, max_length=500),
        ),
        ops.AddField(
            model_name='Interview',
            name='departures',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='Interview',
            name='integration',
            field=fields.ForeignKeyField('models.Integration', source_field='integration_id', null=True, db_constraint=True, to_field='id', related_name='interviews', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Interview',
            name='organizer',
            field=fields.ForeignKeyField('models.User', source_field='organizer_id', null=True, db_constraint=True, to_field='id', related_name='organized', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddConstraint(
            model_name='Interview',
            constraint=UniqueConstraint(fields=('integration', 'scheduler_uid'), name=None),
        ),
    ]
