from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0003_external_ids')]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name='Interviewer',
            name=None,
            fields=['user_id', 'interview_id'],
        ),
        ops.AddField(
            model_name='Interviewer',
            name='starts_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Interviewer',
            index=Index(fields=['user_id', 'starts_at', 'interview_id']),
        ),
    ]
