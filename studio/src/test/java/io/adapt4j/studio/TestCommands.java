package io.adapt4j.studio;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentReading;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.upkeep.deletion.Deletion;
import io.adapt4j.upkeep.deletion.DeletionReport;
import io.adapt4j.upkeep.drift.DriftTest;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Commands that answer as those of the command line do; what takes a large model is made up. */
final class TestCommands {

  private TestCommands() {}

  static void run(List<String> words) throws Exception {
    switch (words.get(0)) {
      case "eval" -> eval(words);
      case "serve" -> serve(words);
      case "export" -> export(words);
      case "drift" -> drift(words);
      case "rag" -> rag(words);
      case "delete" -> delete(words);
      default -> System.out.println("{\"problems\": [\"there is no such command\"]}");
    }
  }

  private static String option(List<String> words, String name) {
    return words.get(words.indexOf(name) + 1);
  }

  private static void eval(List<String> words) {
    Evaluator evaluator =
        Evaluator.builder()
            .tasks(Tasks.read(Path.of(option(words, "--tasks"))))
            .replies(Path.of(option(words, "--replies")))
            .build();
    try (LanguageModel model = LanguageModel.load(ModelSource.path(Path.of(words.get(1))))) {
      ReportWriter writer = ReportWriter.of(evaluator.evaluate("model", Candidate.of(model)));
      writer.writeJson(Path.of(option(words, "--report")).resolve("report.json"));
      System.out.println(writer.json());
    }
  }

  private static void serve(List<String> words) throws Exception {
    String name = option(words, "--name");
    if (name.equals("broken")) {
      System.err.println("the weights cannot be read");
      System.exit(3);
    }
    LanguageModel model = LanguageModel.load(ModelSource.path(Path.of(words.get(1))));
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).equals("--named-adapter")) {
        String[] parts = words.get(i + 1).split("=", 2);
        model.addAdapter(parts[0], Adapter.at(Path.of(parts[1])));
      }
    }
    ModelServer server =
        ModelServer.builder()
            .port(Integer.parseInt(option(words, "--port")))
            .apiKey(System.getenv(option(words, "--api-key-env")))
            .model(name, model)
            .start();
    System.out.println("{\"address\": \"" + server.address() + "\", \"chat\": false}");
    System.out.flush();
    Thread.currentThread().join();
  }

  private static void export(List<String> words) throws Exception {
    Path file = Path.of(option(words, "--to"));
    Files.writeString(file, "GGUF");
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("file", file.toString());
    json.put("type", option(words, "--type")).put("parameters", 1000).put("bytes", 600);
    ObjectNode proof = json.putObject("verification");
    proof.put("texts", 5).put("tokens", 200).put("textsInOtherTokens", 0);
    proof.put("largestLogitDifference", 0.25).put("perplexity", 4).put("filePerplexity", 4.2);
    proof.put("likeliestAgreement", 0.945).put("generatedTokens", 160).put("agreedTokens", 150);
    System.out.println(Json.compact(json));
  }

  private static void drift(List<String> words) {
    var before = DriftTest.rows(Path.of(words.get(1)));
    var now = DriftTest.rows(Path.of(words.get(2)));
    System.out.println(DriftTest.builder().text("text").build().compare(before, now).json());
  }

  /** Notes where the documents are instead of indexing them, and cites what is said of repairs. */
  private static void rag(List<String> words) throws Exception {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    Path noted = Path.of(option(words, "--index")).resolve("documents.txt");
    if (words.get(1).equals("index")) {
      Files.createDirectories(noted.getParent());
      Files.writeString(noted, words.get(2));
      json.put("documents", 1).put("chunks", 2);
    } else {
      json.put("text", "[1] Repairs take ten days.").put("answerable", true);
      Path documents = Path.of(Files.readString(noted));
      try (DocumentReading reading = Documents.in(documents).open()) {
        while (reading.hasNext()) {
          cite(json.withArray("citations"), reading.next());
        }
      }
    }
    System.out.println(Json.compact(json));
  }

  private static void cite(ArrayNode citations, Document document) {
    Matcher found = Pattern.compile("Repairs[^.]*\\.").matcher(document.text());
    if (found.find()) {
      citations
          .addObject()
          .put("number", citations.size())
          .put("document", document.id())
          .put("start", found.start())
          .put("end", found.end())
          .put("text", found.group())
          .put("verified", true);
    }
  }

  private static String value(List<String> words, String name) {
    return words.stream()
        .filter(word -> word.startsWith(name + "="))
        .map(word -> word.substring(name.length() + 1))
        .findFirst()
        .orElse("");
  }

  private static void delete(List<String> words) throws Exception {
    Deletion deletion = Deletion.of(Path.of(words.get(1)));
    String[] where = value(words, "--where").split("=", 2);
    if (where.length == 2) {
      deletion.where(where[0], where[1]);
    } else {
      deletion.at(value(words, "--at"));
    }
    Path output = Path.of(value(words, "--output"));
    DeletionReport report = deletion.run(output);
    Registry registry = Registry.open(Path.of(value(words, "--registry")));
    ModelVersion old = registry.resolve(value(words, "--version-of"));
    ModelVersion added = registry.add(NewVersion.of(old.name(), report.best()));
    ObjectNode json =
        (ObjectNode) Json.parse(Files.readString(output.resolve(DeletionReport.FILE)));
    System.out.println(Json.compact(json.put("version", added.reference())));
  }
}
