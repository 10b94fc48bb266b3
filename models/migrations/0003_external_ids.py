from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0002_audit')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Panel',
            index=Index(fields=['account_id', 'external_id']),
        ),
    ]
