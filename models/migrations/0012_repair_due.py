from tortoise import migrations
from tortoise.migrations import operations as ops
from clock import now
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0011_candidate_views_and_refusals')]

    initial = False

    operations = [
        ops.CreateModel(
            name='RepairDue',
            fields=[
                ('id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100)),
                ('since', fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'repair_due', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Says that processes of an earlier release may have written what only the next `migrate` mends.'},
            bases=['Stored'],
        ),
    ]
