from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0006_topics')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CandidateEmail',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('created_at', fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='candidate_emails', on_delete=OnDelete.CASCADE)),
                ('candidate', fields.ForeignKeyField('models.Candidate', source_field='candidate_id', db_constraint=True, to_field='id', related_name='email_keys', on_delete=OnDelete.CASCADE)),
                ('email', fields.CharField(max_length=500)),
            ],
            options={'table': 'candidate_email', 'app': 'models', 'unique_together': (('candidate', 'email'),), 'indexes': [Index(fields=['account_id', 'email'])], 'pk_attr': 'id', 'table_description': 'An email of a candidate as users are found by theirs: a user who has it is the candidate, an internal one.'},
            bases=['Row'],
        ),
        ops.AddField(
            model_name='Candidate',
            name='erased_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Candidate',
            name='merged_into',
            field=fields.ForeignKeyField('models.Candidate', source_field='merged_into_id', null=True, db_constraint=True, to_field='id', related_name='merged', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='FeedbackForm',
            name='waived_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='FeedbackForm',
            name='waived_by',
            field=fields.ForeignKeyField('models.User', source_field='waived_by_id', null=True, db_constraint=True, to_field='id', related_name='waived_forms', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Integration',
            name='preferred',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
