from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [('models', '0009_calendars')]

    initial = False

    operations = [
        # Of themselves nobody is asked for feedback, and panels wait for nobody who has left or declined: those that
        # stand, too.
        ops.RunSQL(
            "UPDATE feedback_form SET status = 'VOIDED' WHERE status = 'PENDING' AND EXISTS ("
            'SELECT 1 FROM panel JOIN candidate_email ON candidate_email.candidate_id = panel.candidate_id '
            'JOIN "user" ON "user".email = candidate_email.email '
            'WHERE panel.id = feedback_form.panel_id AND "user".id = feedback_form.user_id)'
        ),
        ops.RunSQL(
            'UPDATE panel SET feedback_due = (SELECT COUNT(*) FROM interviewer '
            'JOIN feedback_form ON feedback_form.id = interviewer.form_id '
            'JOIN "user" ON "user".id = interviewer.user_id '
            "WHERE interviewer.panel_id = panel.id AND interviewer.feedback_required AND feedback_form.status = 'PENDING' "
            "AND interviewer.response_status <> 'DECLINED' AND \"user\".deactivated_at IS NULL) WHERE feedback_due > 0"
        ),
    ]
