package io.adapt4j.studio.internal.ask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.Pages;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.pdf.PdfPage;
import io.adapt4j.rag.internal.pdf.PdfPages;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.ship.Commands;
import io.adapt4j.studio.internal.ship.Services;
import io.adapt4j.studio.internal.ship.Services.Service;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Questions that services answer from documents, and the passages that the answers cite. */
public final class AskDocuments {

  private static final Logger LOG = LoggerFactory.getLogger(AskDocuments.class);
  private static final String KIND = "answers";
  private static final String FILE = "answer.json";
  private static final String INDEX = "documents";

  /** Characters that are shown before and after a passage of a text without pages. */
  private static final int AROUND = 1500;

  /** The same beside a picture, which shows the rest of the page. */
  private static final int BESIDE = 300;

  /** Pixels of a page's picture. */
  private static final int WIDTH = 1240;

  private static final int PICTURES = 16;
  private static final int MOST_KEPT = 2 << 20;

  private final Workspace workspace;
  private final Services services;
  private final Sources sources;
  private final Commands commands;
  private final Trainer trainer;
  private final Background background;

  /** Pictures that were looked at last, by their pages. */
  private final Map<String, byte[]> pictures =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
          return size() > PICTURES;
        }
      };

  public AskDocuments(
      Workspace workspace,
      Services services,
      Sources sources,
      Commands commands,
      Trainer trainer,
      Background background) {
    this.workspace = workspace;
    this.services = services;
    this.sources = sources;
    this.commands = commands;
    this.trainer = trainer;
    this.background = background;
  }

  /** The index in the output of a command; a service calls it by the folder's name. */
  public static Path folder(Path output) {
    return output.resolve(INDEX);
  }

  /** A question. */
  public record Asked(
      String id, String service, String index, String question, Instant added, JsonNode answer) {}

  /** Returns all, the newest first. */
  public List<Asked> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Asked::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Asked get(String id) throws IOException {
    return workspace.item(
        workspace.folder(KIND, id).resolve(FILE),
        json ->
            new Asked(
                id,
                json.path("service").asText(),
                json.path("index").asText(),
                json.path("question").asText(),
                Instant.parse(json.path("added").asText()),
                json.path("answer")));
  }

  private void save(Asked asked) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("service", asked.service()).put("index", asked.index());
    json.put("question", asked.question()).put("added", asked.added().toString());
    if (asked.answer().isObject()) {
      json.set("answer", asked.answer());
    }
    Path folder = workspace.folder(KIND, asked.id());
    Disk.createFolders(folder);
    AtomicFiles.writeJson(folder.resolve(FILE), json);
  }

  /** Returns the command that made the index of a service. */
  public static String index(Service service) {
    // exports/RUN/output/documents
    Path index = Path.of(service.one("--index").orElseThrow(Refusal::notFound));
    return index.getName(index.getNameCount() - 3).toString();
  }

  public Asked ask(String service, String index, String question) throws IOException {
    Asked asked =
        new Asked(
            Workspace.newId(question),
            service,
            index,
            question,
            Instant.now(),
            JsonNodeFactory.instance.missingNode());
    save(asked);
    prepare(asked);
    return asked;
  }

  /** Begins to answer a question, unless it is answered, or that has failed. */
  public void prepare(Asked asked) {
    if (!asked.answer().isObject()) {
      background.begin(
          asked.id(),
          () ->
              save(
                  new Asked(
                      asked.id(),
                      asked.service(),
                      asked.index(),
                      asked.question(),
                      asked.added(),
                      asked.service().isEmpty() ? passages(asked) : answered(asked))));
    }
  }

  private JsonNode answered(Asked asked) throws IOException {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", INDEX);
    body.put("question", asked.question());
    return services.stream(
        services.get(asked.service()),
        "/v1/rag/ask",
        body,
        text -> background.say(asked.id(), text));
  }

  /** Returns the passages that are found, in the form of a service's answer. */
  private JsonNode passages(Asked asked) throws IOException {
    String index = folder(commands.output(asked.index())).toString();
    JsonNode said =
        trainer.json(List.of("rag", "ask", asked.question(), "--index", index, "--json"));
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("answer", said.path("text").asText());
    answer.put("answerable", said.path("answerable").asBoolean());
    for (JsonNode each : said.path("citations")) {
      ObjectNode citation = answer.withArray("citations").addObject();
      citation.setAll((ObjectNode) each);
      citation.put("document_id", each.path("document").asText());
    }
    return answer;
  }

  /** Returns the text so far of an answer. */
  public String said(Asked asked) {
    return background.said(asked.id());
  }

  public String problem(Asked asked) {
    return background.problem(asked.id());
  }

  /** Asks again what could not be answered. */
  public void again(Asked asked) {
    background.forget(asked.id());
    prepare(asked);
  }

  public void delete(Asked asked) throws IOException {
    Workspace.delete(workspace.folder(KIND, asked.id()));
  }

  /**
   * A cited passage in its document.
   *
   * @param page its first page, from 1; 0 if the document has none
   */
  public record Cited(
      String document,
      int page,
      int last,
      int pages,
      String before,
      String passage,
      String after,
      List<PdfPage> drawn) {}

  /** Returns a passage of an answer with the text around it, if the document is still there. */
  public Optional<Cited> cited(Asked asked, JsonNode citation) throws IOException {
    Optional<Path> file = file(asked, citation);
    Span span = new Span(citation.path("start").asInt(), citation.path("end").asInt());
    return file.flatMap(AskDocuments::document)
        .filter(
            document ->
                span.end() <= document.text().length()
                    && span.of(document.text()).equals(citation.path("text").asText()))
        .map(document -> cited(document, span, drawn(file.orElseThrow(), document, span)));
  }

  private static Cited cited(Document document, Span span, List<PdfPage> drawn) {
    String text = document.text();
    Pages pages = Pages.of(document);
    boolean whole = pages.count() > 1 && drawn.isEmpty();
    int around = drawn.isEmpty() ? AROUND : BESIDE;
    int from = whole ? text.lastIndexOf('\f', span.start()) + 1 : span.start() - around;
    int end = whole ? text.indexOf('\f', span.end()) : span.end() + around;
    int start = Math.max(0, from);
    int stop = end < 0 ? text.length() : Math.min(text.length(), end);
    return new Cited(
        document.id(),
        pages.count() > 1 ? pages.first(span) : 0,
        pages.last(span),
        pages.count(),
        whole || start == 0
            ? text.substring(start, span.start())
            : text.substring(start, span.start()).replaceFirst("^\\S{0,40}(?=\\s)", "…"),
        text.substring(span.start(), span.end()),
        whole || stop == text.length()
            ? text.substring(span.end(), stop)
            : text.substring(span.end(), stop).replaceFirst("(?<=\\s)\\S{0,40}$", "…"),
        drawn);
  }

  private static List<PdfPage> drawn(Path file, Document document, Span span) {
    try {
      return PdfPages.of(file, document, span);
    } catch (IOException e) {
      LOG.info("Pages are shown as text only: {}", e.toString());
      return List.of();
    }
  }

  /** Returns a page of a cited document as PNG, if it is a PDF file with this page. */
  public synchronized Optional<byte[]> picture(Asked asked, JsonNode citation, int page)
      throws IOException {
    Optional<Path> file = file(asked, citation);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    String key = page + " " + Files.getLastModifiedTime(file.get()) + " " + file.get();
    byte[] kept = pictures.get(key);
    // What cannot be read as a document is not drawn either.
    if (kept != null || file.flatMap(AskDocuments::document).isEmpty()) {
      return Optional.ofNullable(kept);
    }
    try {
      byte[] picture = PdfPages.png(file.get(), page, WIDTH);
      if (picture.length <= MOST_KEPT) {
        pictures.put(key, picture);
      }
      return Optional.of(picture);
    } catch (IOException e) {
      LOG.info("A page is not shown: {}", e.toString());
      return Optional.empty();
    }
  }

  /** Returns the file that a citation names, of the documents that were asked and no other. */
  private Optional<Path> file(Asked asked, JsonNode citation) throws IOException {
    Run run = commands.runs().get(asked.index());
    Path source = sources.get(Commands.subject(run)).path();
    Path file =
        Files.isDirectory(source)
            ? source.resolve(citation.path("document_id").asText()).normalize()
            : source;
    return Files.isRegularFile(file) && file.toRealPath().startsWith(source.toRealPath())
        ? Optional.of(file)
        : Optional.empty();
  }

  private static Optional<Document> document(Path file) {
    try (DocumentReading reading = Documents.files(file).open()) {
      return reading.hasNext() ? Optional.of(reading.next()) : Optional.empty();
    }
  }
}
