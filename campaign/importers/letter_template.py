"""Write a campaign's letter template: its variants in their order."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.letters.models import Letter, TemplateVariant


@dataclass(frozen=True, kw_only=True)
class VariantContent:
    """One wording of the letter template."""

    name: str
    condition: dict[str, str]
    subject: str
    greeting: str
    body: str


def save_template(
    session: Session, campaign_id: int, contents: Sequence[VariantContent]
) -> list[str]:
    """Bring the variants of a campaign to these, told apart by name; flushed.

    Returns a sentence for each change. Letters keep their text, whatever becomes of the variant.
    """
    known = {
        variant.name: variant
        for variant in session.scalars(
            select(TemplateVariant)
            .where(TemplateVariant.campaign_id == campaign_id)
            .order_by(TemplateVariant.position)
        )
    }
    old_order = [name for name in known if name in {content.name for content in contents}]
    kept = [content.name for content in contents if content.name in known]
    changes = []
    for name in [name for name in known if name not in kept]:
        variant = known.pop(name)
        session.execute(
            update(Letter).where(Letter.variant_id == variant.id).values(variant_id=None)
        )
        session.delete(variant)
        changes.append(f"letter “{name}”: removed")
    # Every place is left before one is taken, because no two variants may share one.
    for variant in known.values():
        variant.position = -variant.position
    session.flush()
    if old_order != kept:
        changes.append("letters: another order")
    for position, content in enumerate(contents, start=1):
        found = known.get(content.name)
        if found is None:
            found = TemplateVariant(campaign_id=campaign_id)
            session.add(found)
            changes.append(f"letter “{content.name}”: added")
        elif any(getattr(found, name) != value for name, value in asdict(content).items()):
            changes.append(f"letter “{content.name}”: changed")
        for name, value in asdict(content).items():
            setattr(found, name, value)
        found.position = position
    session.flush()
    return changes
