"""From answer objects to pages: one pure function a page. Nothing is looked up, nothing decided."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.policy import BEST_EVIDENCE, POLICIES
from assay.hub.answers import (
    Benchmark,
    Board,
    ClaimAnswer,
    DiscussionAnswer,
    DiscussionPage,
    HomeAnswer,
    NotificationPage,
    RunAnswer,
    UnresolvedPage,
)
from assay.hub.leaderboard import Place
from assay.hub.model_answers import Model
from assay.web.pages import links, record
from assay.web.pages.board import strip_label, view_board
from assay.web.pages.diff import view_files
from assay.web.pages.environment import render
from assay.web.pages.model import view_model
from assay.web.pages.readme import render_readme
from assay.web.pages.site import Site
from assay.web.pages.strips import view_claims
from assay.web.pages.timeline import ending, is_apart, timeline
from assay.web.pages.words import notifications_sentence, shell


def render_home(home: HomeAnswer, site: Site) -> str:
    """The front page: what is here, or the lines that would fill it."""
    return render("home.html", site=site, home=home)


def render_benchmarks(benchmarks: Sequence[Benchmark], site: Site) -> str:
    """All benchmarks the reader may see."""
    return render("benchmarks.html", site=site, benchmarks=benchmarks)


def render_benchmark(
    board: Board, benchmark: Benchmark, readme: str | None, spec_yaml: str | None, site: Site
) -> str:
    """The page of a benchmark, with the board of one of its tasks.

    `readme` (Markdown) and `spec_yaml` are the texts of README.md and eval.yaml at `board.commit`.
    """
    reference = f"{board.benchmark}/{board.task.task_id}"
    commands = {
        "board": shell("assay", "board", reference, *_flags(board)),
        "run": f"{shell('assay', 'run', reference)} --model PROVIDER/MODEL --as NS/MODEL --submit",
        "clone": shell("git", "clone", f"{site.public_url}/datasets/{board.benchmark}"),
    }
    return render(
        "benchmark.html",
        site=site,
        board=board,
        benchmark=benchmark,
        view=view_board(board),
        commands=commands,
        spec_yaml=spec_yaml,
        readme=render_readme(readme) if readme else None,
        policies=POLICIES,
    )


def _flags(board: Board) -> list[str]:
    """How the command asks for the board that is shown."""
    asked = {
        "--claims": "all" if board.view == "claims" else None,
        "--policy": board.policy if board.policy != BEST_EVIDENCE.name else None,
        "--as-of": board.as_of,
    }
    return [word for flag, said in asked.items() if said for word in (flag, said)]


def render_unresolved(answer: UnresolvedPage, site: Site) -> str:
    """What results are about that no benchmark here answers to."""
    return render("unresolved.html", site=site, answer=answer)


def render_embed(
    board: Board,
    places: Sequence[Place],
    *,
    highlighted: str,
    more: int,
    left_out: int,
    site: Site,
) -> str:
    """The leaderboard for a frame: some of its `places`, beside `more` that are not shown.

    `left_out` rows of the board are no places, because they are narrowed away.
    """
    return render(
        "embed.html",
        site=site,
        board=board,
        places=places,
        left_out=left_out,
        highlighted=highlighted,
        more=more,
    )


def render_model(model: Model, readme: str | None, site: Site) -> str:
    """The page of a model: what is claimed about it, by benchmark and task, a page at a time."""
    commands = {
        "show": shell("assay", "show", model.id),
        "clone": shell("git", "clone", f"{site.public_url}/{model.id}"),
    }
    return render(
        "model.html",
        site=site,
        model=model,
        view=view_model(model),
        commands=commands,
        readme=render_readme(readme) if readme else None,
    )


def render_claim(answer: ClaimAnswer, site: Site) -> str:
    """The page of a claim: why this number, from whom, on what evidence."""
    claim = answer.claim
    chance = answer.chance
    moments = timeline(answer.history, answer.versions)
    return render(
        "claim.html",
        site=site,
        answer=answer,
        claim=claim,
        moments=moments,
        began={moment.version.number: moment.kind for moment in moments if moment.version},
        ending=ending(answer),
        apart=[version for version in answer.versions if is_apart(version)],
        strip=view_claims(answer),
        label=strip_label(claim.value_text, chance, chance.level if chance else None, answer.unit),
        all_claims=links.model(
            claim.model,
            links.claims_query(benchmark=f"{claim.dataset_id}/{claim.task_id}"),
        ),
        source_href=links.external(claim.source.url) if claim.source else None,
        command=shell("git", "clone", f"{site.public_url}/{claim.model}"),
        dispute=f'{shell("assay", "rule", claim.claim_id, "disputed")} --reason "why" '
        f"--evidence URL {shell('--endpoint', site.public_url)}",
    )


def render_discussion(answer: DiscussionAnswer, site: Site) -> str:
    """The page of a discussion or pull request: what is said, what changes, what can be done."""
    endpoint = f"HF_ENDPOINT={shell(site.public_url)}"
    name, number = answer.repo, str(answer.number)
    typed = ["--type", "dataset"] if answer.type == "dataset" else []
    address = site.public_url + links.repo(answer.type, name)

    def command(verb: str) -> str:
        return f"{endpoint} {shell('hf', 'discussions', verb, name, number, *typed)}"

    commands = {
        "fetch": shell("git", "fetch", address, f"refs/pr/{number}"),
        "merge": command("merge"),
        "close": f'{command("close")} --comment "why it is closed"',
        "comment": f'{command("comment")} --body "what you have to say"',
        "diff": command("diff"),
    }
    template = "pull.html" if answer.is_pull else "discussion.html"
    files = view_files(answer.files)
    return render(template, site=site, talk=answer, files=files, commands=commands)


def render_discussions(page: DiscussionPage, site: Site) -> str:
    """The list of a repository's discussions and pull requests."""
    endpoint = f"HF_ENDPOINT={shell(site.public_url)}"
    typed = ["--type", "dataset"] if page.type == "dataset" else []
    create = f"{endpoint} {shell('hf', 'discussions', 'create', page.repo, *typed)}"
    commands = {
        "list": f"{endpoint} {shell('hf', 'discussions', 'list', page.repo, *typed)}",
        "create": f'{create} --title "A question" --body "What you would like to know"',
    }
    return render("discussions.html", site=site, page=page, commands=commands)


def render_notifications(page: NotificationPage, site: Site) -> str:
    """What the reader is told."""
    return render("notifications.html", site=site, page=page, sentence=notifications_sentence(page))


def render_run(run: RunAnswer, site: Site) -> str:
    """The page of a run record: what was run and what came out."""
    return render(
        "run.html",
        site=site,
        run=run,
        sections=record.sections(run.record),
        raw=record.raw(run.record),
        metric=record.find_metric(run.record),
        benchmark=record.find_text(run.record, "benchmark", "id"),
        task=record.find_text(run.record, "benchmark", "task_id"),
        framework=record.find_text(run.record, "framework", "name"),
    )


def render_error(status: int, title: str, message: str, hint: str, site: Site) -> str:
    """What went wrong, where, and what to do."""
    return render("error.html", site=site, status=status, title=title, message=message, hint=hint)
