from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0004_seat_starts')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Panel',
            name='url_sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Panel',
            name='timezone_sequence',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Interview',
            name='deleted_sequence',
            field=fields.BigIntField(null=True),
        ),
    ]
