package io.adapt4j.verification.kill;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.verification.kill.Scenario.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What is killed beside trainings: the commands that write files. */
final class CommandScenarios {

  private static final String MODEL = Scenarios.MODEL.toString();

  private CommandScenarios() {}

  static List<Scenario> all() {
    return List.of(
        completion(),
        export(),
        ingestion(),
        evaluation(),
        download(),
        merge(),
        registration(),
        deletion("delete", "--at", "rows.jsonl line 12"),
        deletion("delete-customer", "--where", "customer=c1"));
  }

  private static Scenario completion() {
    List<String> command =
        List.of(
            "complete",
            MODEL,
            "--input",
            "rows.jsonl",
            "--output",
            "answers.jsonl",
            "--max-new-tokens",
            "30",
            "--seed",
            "1",
            "--parallel",
            "4");
    return scenario(
        "complete",
        Map.of("rows.jsonl", Scenarios.rows("{\"prompt\": \"Lily %d and %d\"}")),
        command,
        command,
        Results.files(file -> file.toString().equals("answers.jsonl")));
  }

  private static Scenario export() {
    List<String> command = List.of("export", MODEL, "--to", "model.gguf", "--type", "Q8_0");
    return scenario(
        "export",
        Map.of(),
        command,
        Scenarios.with(command, "--overwrite"),
        Results.files(file -> file.toString().endsWith(".gguf")));
  }

  private static Scenario ingestion() {
    Map<String, String> documents = new LinkedHashMap<>();
    for (int i = 0; i < 200; i++) {
      documents.put(
          "docs/" + i % 7 + "/note" + i + ".md",
          "# Note %d\n\nLily %d ran to the park. Tom sat on tree %d.\n".formatted(i, i, i % 5));
    }
    List<String> command = List.of("rag", "index", "docs", "--index", "index", "--embedder", MODEL);
    return scenario("ingest", documents, command, command, CommandScenarios::contents);
  }

  /** All documents of an index with their chunks and vectors; segments and dates differ. */
  private static Map<String, String> contents(Path at) {
    Map<String, String> contents = new TreeMap<>();
    try (LocalEmbeddings embeddings = LocalEmbeddings.load(ModelSource.path(Scenarios.MODEL));
        LuceneIndex index =
            LuceneIndex.builder(at.resolve("index"))
                .embeddings(embeddings.identity(), embeddings.dimension())
                .verifyStructure()
                .openForReading()) {
      index
          .contentHashes()
          .forEach(
              (id, hash) -> {
                List<Chunk> chunks = index.chunks(id, 0, Integer.MAX_VALUE);
                Map<String, String> vectors = new TreeMap<>();
                index.vectors(chunks).forEach((key, v) -> vectors.put(key, Arrays.toString(v)));
                contents.put(id, hash + chunks + vectors);
              });
      contents.put("chunks", String.valueOf(index.chunkCount()));
    }
    return contents;
  }

  private static Scenario evaluation() {
    List<String> command =
        List.of(
            "eval", MODEL, "--tasks", "tasks.yaml", "--replies", "replies", "--report", "report");
    String tasks =
        "tasks: [{name: lily, answers: {path: rows.jsonl, prompt: '{prompt}', answer: answer,"
            + " maxNewTokens: 20}}]";
    return scenario(
        "eval",
        Map.of(
            "tasks.yaml",
            tasks,
            "rows.jsonl",
            Scenarios.rows("{\"prompt\": \"Lily %d and\", \"answer\": \"%d\"}")),
        command,
        command,
        CommandScenarios::report);
  }

  /** A report without what differs between two runs: when it was written, and what it took. */
  private static Map<String, String> report(Path at) throws IOException {
    ObjectNode report =
        (ObjectNode)
            new ObjectMapper().readTree(at.resolve("report").resolve("report.json").toFile());
    report.remove("written");
    for (JsonNode candidate : report.path("candidates")) {
      ((ObjectNode) candidate).remove("cost");
    }
    return Map.of("report.json", report.toString());
  }

  private static Scenario merge() {
    List<String> command = List.of("merge", "--description", "merge.yaml", "--output", "merged");
    String description =
        "{method: linear, models: [{model: '%1$s', weight: 0.25}, {model: '%1$s', weight: 0.5}]}"
            .formatted(MODEL);
    return scenario(
        "merge",
        Map.of("merge.yaml", description),
        command,
        command,
        Results.files(
            file -> file.startsWith("merged") && file.toString().endsWith(".safetensors")));
  }

  /** Only what readers see: what a kill has left is hidden. */
  private static Scenario registration() {
    List<String> command =
        List.of("registry", "add", MODEL, "--name", "m", "--registry", "registry");
    return scenario(
        "registry",
        Map.of(),
        command,
        command,
        Results.files(
            file ->
                file.toString().matches("registry/versions/m/[0-9]+/.*")
                    && !file.toString().endsWith("version.json")));
  }

  private static Scenario deletion(String name, String option, String rows) {
    String description =
        """
        model: %s
        task: nextTokens
        data: {path: rows.jsonl, split: {train: 0.8, validation: 0.2, test: 0}}
        method: {lora: {rank: 4, dropout: 0.1}}
        output: out
        epochs: 2
        batchSize: 4
        maxLength: 32
        evaluateEvery: 2
        keepBest: true
        saveEvery: 1
        saveLimit: 100
        """
            .formatted(MODEL);
    String data =
        Scenarios.rows(
            "{\"prompt\": \"Lily %d\", \"completion\": \"ran\", \"customer\": \"c%2$d\"}");
    List<String> command =
        List.of(
            "delete",
            "out",
            "--output",
            "without",
            option,
            rows,
            "--erase-rows",
            "--erase-checkpoints",
            "--registry",
            "registry",
            "--version-of",
            "m@1");
    return new Scenario(
        name,
        Map.of("run.yaml", description, "rows.jsonl", data),
        List.of(
            List.of("train", "run.yaml", "--no-report"),
            List.of("registry", "add", "out/best", "--name", "m", "--registry", "registry")),
        command,
        command,
        command,
        Map.of(),
        CommandScenarios::deleted);
  }

  /** The weights, the rows, the report for the auditor, and which files there are. */
  private static Map<String, String> deleted(Path at) throws Exception {
    Map<String, String> results =
        new TreeMap<>(
            Results.files(file -> file.toString().matches(".*(\\.safetensors|rows\\.jsonl)"))
                .of(at));
    ObjectNode report =
        (ObjectNode)
            new ObjectMapper().readTree(at.resolve("without").resolve("deletion.json").toFile());
    report.remove(List.of("time", "seconds"));
    ((ObjectNode) report.path("run")).remove("recordSha256");
    results.put("deletion.json", report.toString().replace(at.toString(), ""));
    try (Stream<Path> files = Files.walk(at)) {
      results.put(
          "files",
          files
              .map(file -> at.relativize(file).toString())
              .filter(name -> !name.matches("registry/.*/\\..*"))
              .sorted()
              .toList()
              .toString());
    }
    return results;
  }

  private static Scenario download() {
    List<String> command = List.of("download", SlowHub.REPOSITORY);
    return new Scenario(
        "download",
        Map.of(),
        List.of(),
        command,
        command,
        command,
        Map.of("HF_ENDPOINT", SlowHub.address(), "HF_HUB_CACHE", "cache", "HF_HUB_OFFLINE", ""),
        Results.files(file -> file.toString().contains("snapshots")));
  }

  private static Scenario scenario(
      String name,
      Map<String, String> files,
      List<String> command,
      List<String> again,
      Results results) {
    return new Scenario(name, files, List.of(), command, again, command, Map.of(), results);
  }
}
