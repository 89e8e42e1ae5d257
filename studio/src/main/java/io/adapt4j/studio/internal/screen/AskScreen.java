package io.adapt4j.studio.internal.screen;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.ask.Comparisons;
import io.adapt4j.studio.internal.ask.Comparisons.Comparison;
import io.adapt4j.studio.internal.ask.Comparisons.Question;
import io.adapt4j.studio.internal.ask.Comparisons.Tally;
import io.adapt4j.studio.internal.ask.Prompts;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Two models side by side, blind: votes become preferences. */
public final class AskScreen implements Screen {

  private static final int SIZE = 10;
  private static final int MOST_PROMPTS = 200;
  private static final int LONGEST = 8_000;
  private static final int MOST_TOKENS = 2_000;

  private final Pages pages;
  private final Comparisons comparisons;
  private final Services services;
  private final PlanScreen.Opened opened;

  public AskScreen(
      Pages pages, Comparisons comparisons, Services services, PlanScreen.Opened opened) {
    this.pages = pages;
    this.comparisons = comparisons;
    this.services = services;
    this.opened = opened;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    if (request.path().size() > 3) {
      throw Refusal.notFound();
    }
    if (request.segment(1).isEmpty()) {
      return request.isPost()
          ? create(request.form(), look)
          : list(200, request.query(), look, Map.of());
    }
    Comparison comparison = comparisons.get(request.segment(1));
    if (request.isSafe()) {
      return switch (request.segment(2)) {
        case "" -> page(200, request.query(), look, comparison, "");
        case "now" ->
            Response.html(pages.part(look, "ask-now", part(request.query(), look, comparison)));
        case "result" -> result(look, comparison);
        default -> throw Refusal.notFound();
      };
    }
    return change(request, look, comparison);
  }

  private Response change(Request request, Look look, Comparison comparison) throws IOException {
    String back = "ask/" + comparison.id();
    switch (request.segment(2)) {
      case "vote" -> {
        Fields form = request.form();
        int number = form.number("number", -1, 0, comparison.prompts().size() - 1);
        if (number < 0 || !form.text("vote").matches("[ABTS]")) {
          throw new Refusal(422, "ask_no_vote");
        }
        Question question = comparisons.question(comparison, number).orElseThrow(Refusal::notFound);
        comparisons.vote(comparison, question, form.text("vote"));
        back += "?seen=" + (number + 1);
      }
      case "prompt" -> {
        Fields form = request.form();
        String prompt = form.raw("prompt").strip();
        if (prompt.isEmpty() || prompt.length() > LONGEST) {
          return page(422, form, look, comparison, look.message("ask_no_prompt", LONGEST));
        }
        if (comparison.prompts().size() >= MOST_PROMPTS) {
          return page(422, form, look, comparison, look.message("ask_full", MOST_PROMPTS));
        }
        comparisons.ask(comparison, prompt);
      }
      case "again" -> comparisons.again(comparison, next(comparison));
      case "delete" -> {
        comparisons.delete(comparison);
        return Response.see(look.to("ask?done=deleted"));
      }
      default -> throw Refusal.notFound();
    }
    return Response.see(look.to(back));
  }

  private Response list(int status, Fields fields, Look look, Map<String, String> problems)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("nav_ask"));
    Map<String, String> ready = new LinkedHashMap<>();
    services.ready().forEach(each -> ready.put(each.id(), each.name() + " · " + each.address()));
    String service = ready.containsKey(fields.text("service")) ? fields.text("service") : "";
    String chosen = service.isEmpty() ? ready.keySet().stream().findFirst().orElse("") : service;
    List<String> names = chosen.isEmpty() ? List.of() : known(chosen);
    Map<String, String> candidates = new LinkedHashMap<>();
    names.forEach(name -> candidates.put(name, name));
    model.put("services", Models.choices(ready, chosen));
    model.put("chosen", chosen);
    model.put("candidates", names.size());
    String second = fields.given("second").orElse(names.size() > 1 ? names.get(1) : "");
    model.put("firsts", Models.choices(candidates, fields.text("first")));
    model.put("seconds", Models.choices(candidates, second));
    model.put("sources", Models.choices(rows(), fields.text("source")));
    model.put("prompts", Lengths.cut(fields.raw("prompts"), 20_000));
    model.put("count", fields.given("count").map(text -> Lengths.cut(text, 20)).orElse("20"));
    int usual = chosen.isEmpty() ? 100 : services.get(chosen).mostTokens(100);
    model.put(
        "tokens", fields.given("tokens").map(text -> Lengths.cut(text, 20)).orElse("" + usual));
    model.put("wrong", problems);
    List<Comparison> all = comparisons.all();
    int page = fields.number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Comparison each : Models.onPage(all, page, SIZE)) {
      rows.add(
          Map.of(
              "id", each.id(),
              "name", each.name(),
              "added", look.formats().time(each.added()),
              "what",
                  look.message(
                      "ask_voted",
                      look.formats().count(comparisons.voted(each).size()),
                      look.formats().count(each.prompts().size()))));
    }
    model.put("comparisons", rows);
    model.put("pages", Models.pages(look, look.to("ask?page="), page, SIZE, all.size()));
    return Response.html(status, pages.page(look, "ask", "ask", model));
  }

  /** Returns the models of a service; none if it has ended meanwhile. */
  private List<String> known(String service) throws IOException {
    Service asked = services.get(service);
    try {
      return services.models(asked, "/v1/completions");
    } catch (IOException e) {
      return List.of();
    }
  }

  private Map<String, String> rows() throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (Source source : opened.sources().all()) {
      if (opened.inspections().of(source).map(Inspection::isReadable).orElse(false)) {
        names.put(source.id(), source.name());
      }
    }
    return names;
  }

  private Response create(Fields form, Look look) throws IOException {
    Map<String, String> problems = new LinkedHashMap<>();
    Optional<Service> service =
        services.ready().stream().filter(each -> each.id().equals(form.text("service"))).findAny();
    if (service.isEmpty()) {
      problems.put("service", look.message("ask_no_service"));
      return list(422, form, look, problems);
    }
    List<String> known = known(service.get().id());
    List<String> models = List.of(form.text("first"), form.text("second"));
    if (!known.containsAll(models) || models.get(0).equals(models.get(1))) {
      problems.put("second", look.message("ask_two_models"));
    }
    int most = service.get().mostTokens(MOST_TOKENS);
    int tokens = form.number("tokens", -1, 1, most);
    if (tokens < 0) {
      problems.put("tokens", look.message("service_tokens", most));
    }
    int count = form.number("count", -1, 1, MOST_PROMPTS);
    if (count < 0) {
      problems.put("count", look.message("export_rows", MOST_PROMPTS));
    }
    List<String> prompts = new ArrayList<>(typed(form));
    if (prompts.stream().anyMatch(prompt -> prompt.length() > LONGEST)
        || prompts.size() > MOST_PROMPTS) {
      problems.put("prompts", look.message("ask_no_prompt", LONGEST));
    }
    if (prompts.isEmpty() && count > 0) {
      prompts.addAll(ofRows(form.text("source"), count));
    }
    if (prompts.isEmpty()) {
      problems.put("source", look.message("ask_no_prompts"));
    }
    if (!problems.isEmpty()) {
      return list(422, form, look, problems);
    }
    Comparison added = comparisons.add(service.get(), models, prompts, tokens);
    return Response.see(look.to("ask/" + added.id()));
  }

  private static List<String> typed(Fields form) {
    return form.raw("prompts").lines().map(String::strip).filter(each -> !each.isEmpty()).toList();
  }

  private List<String> ofRows(String id, int count) throws IOException {
    if (!rows().containsKey(id)) {
      return List.of();
    }
    Dataset rows = opened.doctor().rows(opened.sources().get(id));
    return Prompts.of(rows, count);
  }

  /**
   * Returns the number of the first question without a vote; the number of all if there is none.
   */
  private int next(Comparison comparison) throws IOException {
    for (int i = 0; i < comparison.prompts().size(); i++) {
      if (comparisons.question(comparison, i).filter(q -> !q.vote().isEmpty()).isEmpty()) {
        return i;
      }
    }
    return comparison.prompts().size();
  }

  private Map<String, Object> part(Fields query, Look look, Comparison comparison)
      throws IOException {
    Formats formats = look.formats();
    Map<String, Object> model = new LinkedHashMap<>();
    int number = next(comparison);
    boolean ended = number == comparison.prompts().size();
    comparisons.prepare(comparison, number);
    // The next answers come while these are read.
    comparisons.prepare(comparison, number + 1);
    Optional<Question> question =
        ended ? Optional.empty() : comparisons.question(comparison, number);
    int seen = query.number("seen", 0, 0, comparison.prompts().size());
    String problem = ended ? "" : comparisons.problem(comparison, number);
    model.put("id", comparison.id());
    model.put("live", look.to("ask/" + comparison.id() + "/now?seen=" + seen));
    model.put("ended", ended);
    model.put("number", number);
    model.put(
        "at",
        look.message(
            "ask_question",
            formats.count(Math.min(number + 1, comparison.prompts().size())),
            formats.count(comparison.prompts().size())));
    model.put("prompt", ended ? "" : comparison.prompts().get(number));
    model.put("failed", question.isPresent() ? "" : problem);
    model.put("waiting", !ended && question.isEmpty() && problem.isEmpty());
    model.put("answered", question.isPresent());
    model.put(
        "first",
        question
            .map(q -> q.answers().get(q.model("A")))
            .orElse(comparisons.said(comparison, number, "A"))
            .strip());
    model.put(
        "second",
        question
            .map(q -> q.answers().get(q.model("B")))
            .orElse(comparisons.said(comparison, number, "B"))
            .strip());
    model.put(
        "same", question.filter(q -> q.answers().get(0).equals(q.answers().get(1))).isPresent());
    model.put("revealed", seen == 0 ? "" : revealed(look, comparison, seen - 1));
    return model;
  }

  /** Names the models of a question that was voted on. */
  private String revealed(Look look, Comparison comparison, int number) throws IOException {
    Optional<Question> question =
        comparisons.question(comparison, number).filter(each -> !each.vote().isEmpty());
    if (question.isEmpty()) {
      return "";
    }
    List<String> models = comparison.models();
    String vote = question.get().vote();
    String shown =
        look.message(
            "ask_revealed",
            number + 1,
            models.get(question.get().model("A")),
            models.get(question.get().model("B")));
    return shown + " " + look.message("ask_chose_" + vote.toLowerCase(java.util.Locale.ROOT));
  }

  private Response page(int status, Fields fields, Look look, Comparison comparison, String problem)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", comparison.name());
    model.put("id", comparison.id());
    model.put("name", comparison.name());
    model.put("problem_text", problem);
    model.put("given", Lengths.cut(fields.raw("prompt"), LONGEST));
    model.put("source", opened.sources().isThere(comparison.source()) ? comparison.source() : "");
    model.put("now", new Markup(pages.part(look, "ask-now", part(fields, look, comparison))));
    return Response.html(status, pages.page(look, "ask-one", "ask", model));
  }

  private Response result(Look look, Comparison comparison) throws IOException {
    Formats formats = look.formats();
    Tally tally = comparisons.tally(comparison);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", comparison.name());
    model.put("id", comparison.id());
    model.put("name", comparison.name());
    model.put("any", tally.all() > 0);
    model.put("source", opened.sources().isThere(comparison.source()) ? comparison.source() : "");
    List<Object> tiles = new ArrayList<>();
    tiles.add(Models.fact(comparison.models().get(0), formats.count(tally.first())));
    tiles.add(Models.fact(comparison.models().get(1), formats.count(tally.second())));
    tiles.add(Models.fact(look.message("ask_ties"), formats.count(tally.ties())));
    tiles.add(Models.fact(look.message("ask_skipped"), formats.count(tally.skipped())));
    model.put("tiles", tiles);
    String verdict = "";
    if (tally.share().isPresent()) {
      var share = tally.share().get();
      boolean sure = tally.pValue() < 0.05;
      int better = tally.first() > tally.second() ? 0 : 1;
      verdict =
          (sure
                  ? look.message("ask_better", comparison.models().get(better))
                  : look.message("ask_unsure"))
              + " "
              + look.message(
                  "ask_share",
                  comparison.models().get(0),
                  formats.percent(share.value()),
                  formats.percent(share.low()),
                  formats.percent(share.high()),
                  formats.figure(tally.pValue()));
      model.put("sure", sure);
    }
    model.put("verdict", verdict);
    return Response.html(pages.page(look, "ask-result", "ask", model));
  }
}
