from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from models.directory import email_key
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

_AT_ONCE = 500


async def fill_candidate_emails(apps, editor):
    """One row for each email of each candidate that there is."""
    numbered, last = editor.client.capabilities.dialect == 'postgres', ''
    mark = '$1' if numbered else '?'
    query = f'SELECT id, account_id, created_at, emails FROM candidate WHERE id > {mark} ORDER BY id LIMIT {_AT_ONCE}'
    while candidates := await editor.client.execute_query_dict(query, [last]):
        last = candidates[-1]['id']
        values = []
        for candidate in candidates:
            emails = candidate['emails']
            keys = sorted({email_key(email) for email in (loads(emails) if isinstance(emails, str) else emails)})
            for number, key in enumerate(keys):
                id = f"cem_{candidate['id'][4:]}{number}"
                values.append((id, candidate['created_at'], candidate['account_id'], candidate['id'], key))
        marks = ', '.join(f'${place}' if numbered else '?' for place in range(1, 6))
        insert = f'INSERT INTO candidate_email (id, created_at, account_id, candidate_id, email) VALUES ({marks})'
        if values:
            await editor.client.execute_many(insert, values)


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
        ops.RunPython(fill_candidate_emails),
    ]
