package io.adapt4j.studio.internal.screen;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.rag.internal.pdf.PdfPage;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.ask.AskDocuments;
import io.adapt4j.studio.internal.ask.AskDocuments.Asked;
import io.adapt4j.studio.internal.ask.AskDocuments.Cited;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.page.Charts;
import io.adapt4j.studio.internal.page.Look;
import io.adapt4j.studio.internal.page.Markup;
import io.adapt4j.studio.internal.page.Pages;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
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
import java.util.function.UnaryOperator;

/** Answers from documents, with each cited passage lit in its document. */
public final class DocumentsScreen implements Screen {

  private static final int SIZE = 10;
  private static final int LONGEST = 4_000;

  /** Begins the value of an index that is searched without a model. */
  private static final String ALONE = "index:";

  private final Pages pages;
  private final AskDocuments documents;
  private final Services services;
  private final Commands commands;
  private final PlanScreen.Opened opened;

  public DocumentsScreen(
      Pages pages,
      AskDocuments documents,
      Services services,
      Commands commands,
      PlanScreen.Opened opened) {
    this.pages = pages;
    this.documents = documents;
    this.services = services;
    this.commands = commands;
    this.opened = opened;
  }

  @Override
  public Response answer(Request request, Look look) throws IOException {
    String first = request.segment(1);
    if (request.path().size() > (request.isPost() ? 3 : 4)) {
      throw Refusal.notFound();
    }
    if (request.isPost() && first.equals("index")) {
      return index(request.form(), look);
    }
    if (request.isPost() && first.equals("ask")) {
      return ask(request.form(), look);
    }
    if (first.isEmpty()) {
      return list(200, request.query(), look, Map.of());
    }
    Asked asked = documents.get(first);
    if (request.isPost()) {
      switch (request.segment(2)) {
        case "again" -> documents.again(asked);
        case "delete" -> {
          documents.delete(asked);
          return Response.see(look.to("documents?done=deleted"));
        }
        default -> throw Refusal.notFound();
      }
      return Response.see(look.to("documents/" + asked.id()));
    }
    return request.segment(3).isEmpty()
        ? page(request, look, asked)
        : picture(asked, request.segment(2), request.segment(3));
  }

  /** A page of a cited document. */
  private Response picture(Asked asked, String number, String page) throws IOException {
    for (JsonNode each : asked.answer().path("citations")) {
      if (each.path("number").asText().equals(number) && page.matches("[1-9]\\d{0,5}")) {
        return documents
            .picture(asked, each, Integer.parseInt(page))
            .map(bytes -> Response.of("image/png", bytes))
            .orElseThrow(Refusal::notFound);
      }
    }
    throw Refusal.notFound();
  }

  private Map<String, String> sources() throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (Source source : opened.sources().all()) {
      Optional<Inspection> found = opened.inspections().of(source);
      if (found.filter(each -> each.kind() == Inspection.Kind.DOCUMENTS).isPresent()) {
        names.put(source.id(), source.name());
      }
    }
    return names;
  }

  /** Services with an index, and indexes alone, by what the form sends. */
  private Map<String, String> answering(Look look) throws IOException {
    Map<String, String> names = new LinkedHashMap<>();
    for (Service each : services.ready()) {
      if (each.one("--index").isPresent()) {
        names.put(each.id(), each.name() + " · " + each.address());
      }
    }
    for (Run run : commands.all(Commands.INDEX)) {
      if (run.state() == State.DONE) {
        names.put(ALONE + run.id(), look.message("documents_passages", run.name()));
      }
    }
    return names;
  }

  private Response list(int status, Fields fields, Look look, Map<String, String> problems)
      throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("title", look.message("crumb_documents"));
    model.put("wrong", problems);
    model.put("sources", Models.choices(sources(), fields.text("source")));
    model.put("services", Models.choices(answering(look), fields.text("service")));
    model.put("question", Lengths.cut(fields.text("question"), LONGEST));
    List<Run> indexes = commands.all(Commands.INDEX);
    int at = fields.number("indexes", 0, 0, 100_000);
    model.put(
        "exports",
        Models.onPage(indexes, at, SIZE).stream().map(run -> RunScreen.head(look, run)).toList());
    model.put(
        "export_pages",
        Models.pages(look, look.to("documents?indexes="), at, SIZE, indexes.size()));
    List<Asked> all = documents.all();
    int page = fields.number("page", 0, 0, 100_000);
    List<Object> rows = new ArrayList<>();
    for (Asked each : Models.onPage(all, page, SIZE)) {
      rows.add(
          Map.of(
              "id", each.id(),
              "question", Lengths.cut(each.question(), 120),
              "added", look.formats().time(each.added())));
    }
    model.put("asked", rows);
    model.put("pages", Models.pages(look, look.to("documents?page="), page, SIZE, all.size()));
    return Response.html(status, pages.page(look, "documents", "ask", model));
  }

  private Response index(Fields form, Look look) throws IOException {
    Map<String, String> known = sources();
    String id = form.text("source");
    if (!known.containsKey(id)) {
      return list(422, form, look, Map.of("source", look.message("documents_choose")));
    }
    String name = String.valueOf(known.get(id));
    String run = commands.newId("index " + name);
    List<String> words =
        List.of(
            "rag",
            "index",
            opened.sources().get(id).path().toString(),
            "--index",
            AskDocuments.folder(commands.output(run)).toString());
    commands.add(run, name, Commands.INDEX, id, words);
    return Response.see(look.to("exports/" + run));
  }

  private Response ask(Fields form, Look look) throws IOException {
    Map<String, String> problems = new LinkedHashMap<>();
    String chosen = form.text("service");
    if (!answering(look).containsKey(chosen)) {
      problems.put("service", look.message("documents_no_service"));
    }
    String question = form.text("question");
    if (question.isEmpty() || question.length() > LONGEST) {
      problems.put("question", look.message("ask_no_prompt", LONGEST));
    }
    if (!problems.isEmpty()) {
      return list(422, form, look, problems);
    }
    boolean alone = chosen.startsWith(ALONE);
    Asked asked =
        alone
            ? documents.ask("", chosen.substring(ALONE.length()), question)
            : documents.ask(chosen, AskDocuments.index(services.get(chosen)), question);
    return Response.see(look.to("documents/" + asked.id()));
  }

  private Response page(Request request, Look look, Asked asked) throws IOException {
    documents.prepare(asked);
    Map<String, Object> model = new LinkedHashMap<>();
    JsonNode answer = asked.answer();
    String problem = documents.problem(asked);
    model.put("title", Lengths.cut(asked.question(), 80));
    model.put("id", asked.id());
    model.put("question", asked.question());
    model.put("live", look.to("documents/" + asked.id()));
    model.put("running", !answer.isObject() && problem.isEmpty());
    model.put("failed", answer.isObject() ? "" : problem);
    model.put("answered", answer.isObject());
    model.put("alone", asked.service().isEmpty());
    model.put("answerable", answer.path("answerable").asBoolean());
    model.put("said", documents.said(asked));
    if (request.header("X-Part").isPresent()) {
      return answer.isObject() || !problem.isEmpty()
          ? Response.html("").with("X-Reload", "1")
          : Response.html(pages.part(look, "documents-now", model));
    }
    model.put("now", new Markup(pages.part(look, "documents-now", model)));
    int number = 0;
    List<Object> citations = new ArrayList<>();
    String chosen = request.segment(2);
    model.put("cited", false);
    for (JsonNode each : answer.path("citations")) {
      number = each.path("number").asInt();
      boolean active = chosen.equals("" + number);
      citations.add(
          Map.of(
              "number", number,
              "document", each.path("document_id").asText(),
              "text", Lengths.cut(lines(each.path("text").asText()).strip(), 300),
              "active", active,
              "changed", !each.path("verified").asBoolean()));
      if (active) {
        addCited(model, look, asked, each);
      }
    }
    model.put("citations", citations);
    model.put("parts", parts(answer.path("answer").asText(), citations.size()));
    return Response.html(pages.page(look, "documents-one", "ask", model));
  }

  /** The answer's text, divided at its citations. */
  private static List<Object> parts(String text, int citations) {
    List<Object> parts = new ArrayList<>();
    for (String part : text.split("(?=\\[\\d{1,3}])|(?<=\\[\\d{1,3}])", -1)) {
      boolean cites = citations > 0 && part.matches("\\[\\d{1,3}]");
      parts.add(Map.of("text", part, "number", cites ? part.substring(1, part.length() - 1) : ""));
    }
    return parts;
  }

  private void addCited(Map<String, Object> model, Look look, Asked asked, JsonNode citation)
      throws IOException {
    Optional<Cited> cited = documents.cited(asked, citation);
    model.put("cited", true);
    model.put("there", cited.isPresent());
    if (cited.isEmpty()) {
      return;
    }
    Cited passage = cited.get();
    model.put("document", passage.document());
    model.put(
        "place",
        passage.page() == 0
            ? ""
            : look.message(
                "documents_page",
                passage.page() == passage.last()
                    ? "" + passage.page()
                    : passage.page() + "–" + passage.last(),
                passage.pages()));
    List<Object> drawn = new ArrayList<>();
    for (PdfPage each : passage.drawn()) {
      String name = look.message("documents_page", each.number(), passage.pages());
      String address =
          look.to(
              "documents/%s/%s/%s".formatted(asked.id(), citation.path("number"), each.number()));
      drawn.add(
          Map.of(
              "name",
              name,
              "address",
              address,
              "lit",
              !each.boxes().isEmpty(),
              "picture",
              Charts.page(
                  look.message(
                      each.boxes().isEmpty() ? "documents_unmarked" : "documents_marked",
                      name,
                      passage.document()),
                  each,
                  address)));
    }
    model.put("drawn", drawn);
    // Beside the picture, lines need not end where those of the page do.
    UnaryOperator<String> shown =
        drawn.isEmpty() ? DocumentsScreen::lines : text -> text.replaceAll("\\s+", " ");
    model.put("before", shown.apply(passage.before()));
    model.put("passage", shown.apply(passage.passage()));
    model.put("after", shown.apply(passage.after()));
  }

  /** Pages end in form feeds, which are no lines to a browser; empty lines are left out. */
  private static String lines(String text) {
    return text.replace('\f', '\n').replaceAll("\n\\s*\n\\s*\n", "\n\n");
  }
}
