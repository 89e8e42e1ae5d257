package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.rag.IngestReport;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.FileProblem;
import io.adapt4j.rag.document.ReadingReport;
import io.adapt4j.rag.embed.LocalEmbeddings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts documents into an index. */
@Command(
    name = "index",
    description =
        "Brings an index up to date with a folder: what is new or changed is read, what is gone is"
            + " deleted. Several folders, or files, are added instead.",
    mixinStandardHelpOptions = true)
final class RagIndexCommand implements Callable<Integer> {

  @Mixin private RagFolder folder;
  @Mixin private Output output;

  @Parameters(
      paramLabel = "DOCUMENTS",
      arity = "1..*",
      description = "A folder or files: text, Markdown, HTML, and what else can be read.")
  private List<Path> sources;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      description = "Take the files of folders that match, such as '**.md'. May be given again.")
  private final List<String> patterns = new ArrayList<>();

  RagIndexCommand() {}

  @Override
  public Integer call() throws IOException {
    List<Path> folders = sources.stream().filter(Files::isDirectory).toList();
    Path[] files = sources.stream().filter(path -> !Files.isDirectory(path)).toArray(Path[]::new);
    for (Path file : files) {
      if (!Files.exists(file)) {
        throw new IllegalArgumentException(
            "DOCUMENTS: expected a folder or a file, found " + file + ", which is not there.");
      }
    }
    List<IngestReport> reports = new ArrayList<>();
    try (LocalEmbeddings embeddings = folder.embeddings();
        Rag rag = Rag.builder().index(folder.index()).embeddings(embeddings).build()) {
      if (folders.size() == 1 && files.length == 0) {
        reports.add(rag.sync(documents(folders.get(0))));
      } else {
        folders.forEach(each -> reports.add(rag.add(documents(each))));
        if (files.length > 0) {
          reports.add(rag.add(Documents.files(files)));
        }
      }
    }
    return write(reports);
  }

  private Documents documents(Path from) {
    Documents all = Documents.in(from);
    if (patterns.isEmpty()) {
      return all;
    }
    try {
      return all.only(patterns.toArray(String[]::new));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "--only: expected a pattern such as '**.md', found '%s': %s. Correct it."
              .formatted(e.getPattern(), e.getDescription()),
          e);
    }
  }

  private int write(List<IngestReport> reports) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("index", folder.index().toString());
    int documents = reports.stream().mapToInt(IngestReport::documents).sum();
    int chunks = reports.stream().mapToInt(IngestReport::chunks).sum();
    int unchanged = reports.stream().mapToInt(IngestReport::unchanged).sum();
    int deleted = reports.stream().mapToInt(report -> report.deleted().size()).sum();
    double seconds =
        reports.stream().mapToDouble(report -> report.duration().toMillis() / 1e3).sum();
    json.put("documents", documents).put("chunks", chunks);
    json.put("unchanged", unchanged).put("deleted", deleted);
    ArrayNode failures = json.putArray("failed");
    ArrayNode skipped = json.putArray("skipped");
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%d documents in %d chunks, %d unchanged, %d deleted, %.1f s\n",
                documents,
                chunks,
                unchanged,
                deleted,
                seconds));
    for (ReadingReport reading : reports.stream().map(IngestReport::reading).toList()) {
      for (FileProblem problem : reading.failed()) {
        failures.add(problem.toString());
        text.append("failed: ").append(problem).append('\n');
      }
      for (FileProblem problem : reading.skipped()) {
        skipped.add(problem.toString());
        text.append("skipped: ").append(problem).append('\n');
      }
    }
    output.write(text.toString(), json);
    return failures.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }
}
