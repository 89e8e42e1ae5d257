package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.page.Formats;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.upkeep.Inbox;
import io.adapt4j.studio.internal.web.Fields;
import io.adapt4j.studio.internal.web.Request;
import io.adapt4j.studio.internal.web.Response;
import io.adapt4j.studio.internal.web.Screen;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackEntries;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Judgment;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Inbox of a service: answers with what was said about them, as rows, and without a customer. */
public final class InboxScreen implements Screen {

  private static final int SIZE = 10;
  private static final int LONGEST_KEY = 200;

  private final Pages pages;
  private final Services services;
  private final Inbox inbox;

  public InboxScreen(Pages pages, Services services, Inbox inbox) {
    this.pages = pages;
    this.services = services;
    this.inbox = inbox;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    Service service = services.get(request.segment(1));
    FeedbackLog log = inbox.log(service).orElseThrow(Refusal::notFound);
    if (request.isSafe() && request.path().size() == 2) {
      boolean runs = inbox.making(service).filter(Jobs.Job::isRunning).isPresent();
      return request.header("X-Part").isPresent() && !runs
          ? Response.html("").with("X-Reload", "1")
          : page(200, request.query(), look, service, "");
    }
    if (!request.isPost() || request.path().size() != 3) {
      throw Refusal.notFound();
    }
    switch (request.segment(2)) {
      case "rows" -> inbox.makeRows(service, log);
      case "forget" -> {
        Fields form = request.form();
        String customer = form.text("customer");
        if (customer.isEmpty() || customer.length() > LONGEST_KEY) {
          return page(422, form, look, service, look.message("inbox_no_customer", LONGEST_KEY));
        }
        inbox.forget(service, log, customer);
      }
      default -> throw Refusal.notFound();
    }
    return Response.see(look.to("inbox/" + service.id()));
  }

  private Response page(int status, Fields fields, Look look, Service service, String problem)
      throws IOException {
    Formats formats = look.formats();
    FeedbackLog log = inbox.log(service).orElseThrow(Refusal::notFound);
    boolean everything = fields.text("show").equals("all");
    FeedbackEntries entries = everything ? log.read() : log.judged();
    Map<String, List<Feedback>> said = new LinkedHashMap<>();
    entries
        .feedback()
        .forEach(each -> said.computeIfAbsent(each.answer(), id -> new ArrayList<>()).add(each));
    List<RecordedAnswer> answers = new ArrayList<>(entries.answers());
    Collections.reverse(answers);
    int page = fields.number("page", 0, 0, 1_000_000);
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("inbox_of", service.name()));
    model.put("id", service.id());
    model.put("name", service.name());
    model.put("everything", everything);
    List<Object> rows = new ArrayList<>();
    for (RecordedAnswer answer : Models.onPage(answers, page, SIZE)) {
      rows.add(row(look, answer, said.getOrDefault(answer.id(), List.of())));
    }
    model.put("rows", rows);
    String address =
        look.to("inbox/" + service.id() + "?" + (everything ? "show=all&" : "") + "page=");
    model.put("pages", Models.pages(look, address, page, SIZE, answers.size()));
    model.put(
        "tiles",
        List.of(
            Models.fact(look.message("inbox_answers"), formats.count(answers.size())),
            Models.fact(look.message("inbox_feedback"), formats.count(entries.feedback().size()))));
    Optional<Jobs.Job> making = inbox.making(service);
    model.put("making", making.filter(Jobs.Job::isRunning).isPresent());
    model.put("failed", making.flatMap(Jobs.Job::problem));
    addMade(model, look, inbox.made(service));
    addForgotten(model, look, inbox.forgotten(service));
    model.put("problem_text", problem);
    model.put("customer", Lengths.cut(fields.text("customer"), LONGEST_KEY));
    return Response.html(status, pages.page(look, "inbox", "registry", model));
  }

  private static Map<String, Object> row(
      Look look, RecordedAnswer answer, List<Feedback> feedback) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", answer.id());
    row.put("time", look.formats().time(answer.time()));
    row.put("version", answer.version().replaceFirst("\\+sha256:.*", ""));
    row.put("customer", Lengths.cut(answer.customer().orElse(""), 12));
    List<ChatMessage> request = answer.request();
    row.put("prompt", request.isEmpty() ? "" : request.get(request.size() - 1).content());
    row.put("answer", answer.text());
    row.put("kept", answer.hasContent());
    List<Object> said = new ArrayList<>();
    for (Feedback each : feedback) {
      Judgment judgment = each.judgment();
      judgment
          .rating()
          .ifPresent(
              rating ->
                  said.add(
                      Map.of(
                          "badge", rating.isGood() ? "good" : rating.isBad() ? "bad" : "info",
                          "name", look.message("inbox_rating"),
                          "text",
                              rating.toString().matches("\\d")
                                  ? rating + " / 5"
                                  : look.message("rating_" + rating))));
      judgment.correction().ifPresent(text -> said.add(said(look, "correction", text)));
      judgment.preferredOver().ifPresent(id -> said.add(said(look, "preferred", id)));
      judgment.flag().ifPresent(text -> said.add(said(look, "flag", text)));
    }
    row.put("said", said);
    return row;
  }

  private static Map<String, Object> said(Look look, String kind, String text) {
    String badge = kind.equals("flag") ? "warn" : "info";
    return Map.of("badge", badge, "name", look.message("inbox_" + kind), "text", text);
  }

  private static void addMade(Map<String, Object> model, Look look, JsonNode made) {
    Formats formats = look.formats();
    model.put("made", made.isObject());
    if (!made.isObject()) {
      return;
    }
    model.put(
        "made_text",
        look.message(
            "inbox_made",
            formats.time(Instant.parse(made.path("time").asText())),
            formats.count(made.path("answers").asLong()),
            formats.count(made.path("preferences").asLong())));
    List<Object> sources = new ArrayList<>();
    for (JsonNode each : made.path("sources")) {
      sources.add(Map.of("id", each.path("id").asText(), "name", each.path("name").asText()));
    }
    model.put("sources", sources);
    List<Object> omitted = new ArrayList<>();
    made.path("omitted")
        .properties()
        .forEach(
            each ->
                omitted.add(Models.fact(each.getKey(), formats.count(each.getValue().asLong()))));
    model.put("omitted", omitted);
  }

  private static void addForgotten(Map<String, Object> model, Look look, JsonNode report) {
    Formats formats = look.formats();
    model.put(
        "forgotten",
        report.isObject()
            ? look.message(
                "inbox_forgotten",
                formats.time(Instant.parse(report.path("time").asText())),
                formats.count(report.path("removed").asLong()))
            : "");
    List<Object> rows = new ArrayList<>();
    for (JsonNode each : report.path("rows")) {
      rows.add(
          Map.of(
              "id", each.path("id").asText(),
              "name", each.path("name").asText(),
              "count", formats.count(each.path("count").asLong())));
    }
    model.put("remains", rows);
  }
}
