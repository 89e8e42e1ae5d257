package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.rag.IngestReport;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.document.FileProblem;
import io.adapt4j.rag.document.ReadingReport;
import io.adapt4j.rag.document.VisionPageReader;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.vision.VisionLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Puts documents into an index. */
@Command(
    name = "index",
    description =
        "Brings an index up to date with folders and files: what is new or changed is read, and"
            + " with --delete what is gone from the folder is deleted.",
    mixinStandardHelpOptions = true)
final class RagIndexCommand implements Callable<Integer> {

  private static final String DELETE = "--delete";
  private static final String SCANS = "--read-scans";

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
  private final List<String> only = new ArrayList<>();

  @Option(
      names = "--except",
      paramLabel = "PATTERN",
      description = "Leave out the files of folders that match. May be given again.")
  private final List<String> except = new ArrayList<>();

  @Option(
      names = SCANS,
      paramLabel = "MODEL",
      description =
          "Read pictures too, and pages of PDF files that have no text, with a vision language"
              + " model such as granite-docling: a folder, or OWNER/NAME on a hub.")
  private @Nullable String scans;

  @Option(
      names = "--scan-prompt",
      paramLabel = "TEXT",
      defaultValue = VisionPageReader.DEFAULT_PROMPT,
      description = "With --read-scans: what the model is asked for. Default '${DEFAULT-VALUE}'.")
  private String scanPrompt;

  @Option(
      names = "--scan-tokens",
      paramLabel = "N",
      defaultValue = "" + VisionPageReader.DEFAULT_TOKENS,
      description =
          "With --read-scans: the most tokens of a page's text. Default ${DEFAULT-VALUE}.")
  private int scanTokens;

  @Option(
      names = DELETE,
      description =
          "Delete from the index what the folder no longer has, or what --only and --except leave"
              + " out. Takes one folder, with all documents of the index.")
  private boolean delete;

  RagIndexCommand() {}

  @Override
  public Integer call() throws IOException {
    List<Documents> selected = selected();
    folder.requireIndexOrRoom();
    if (scans == null) {
      return index(selected);
    }
    if (scanTokens < 1) {
      throw new IllegalArgumentException(
          "--scan-tokens: expected at least 1, found " + scanTokens + ". Leave it out.");
    }
    Path model = ModelArgument.folder(SCANS, scans);
    try (VisionLanguageModel vision = VisionLanguageModel.load(ModelSource.path(model))) {
      VisionPageReader reader =
          VisionPageReader.of(vision).withPrompt(scanPrompt).withTokens(scanTokens);
      return index(selected.stream().map(documents -> documents.readScans(reader)).toList());
    }
  }

  private int index(List<Documents> selected) throws IOException {
    try (LocalEmbeddings embeddings = folder.embeddings();
        Rag rag =
            RagFolder.open(
                Rag.builder().index(folder.index()).embeddings(embeddings), "--embedder")) {
      if (delete) {
        return write(List.of(synchronizedWith(rag, selected.get(0))));
      }
      List<IngestReport> reports = new ArrayList<>();
      selected.forEach(documents -> reports.add(rag.update(documents)));
      return write(reports);
    }
  }

  /** Synchronizes, reporting a source without documents as a usage error. */
  private static IngestReport synchronizedWith(Rag rag, Documents documents) {
    try {
      return rag.sync(documents);
    } catch (IllegalStateException e) {
      throw new IllegalArgumentException(DELETE + ": " + Wording.of(e.getMessage()), e);
    }
  }

  /**
   * Returns the selected documents, rejecting empty or ambiguous selections before any work starts.
   */
  private List<Documents> selected() {
    List<Path> folders = sources.stream().filter(Files::isDirectory).toList();
    Path[] files = sources.stream().filter(path -> !Files.isDirectory(path)).toArray(Path[]::new);
    for (Path file : files) {
      if (!Files.exists(file)) {
        throw new IllegalArgumentException(
            "DOCUMENTS: expected a folder or a file, found "
                + Destination.described(file)
                + ", which is not there. Correct the path.");
      }
    }
    requireSense(folders, files);
    Map<String, Path> taken = new HashMap<>();
    List<Documents> selected = new ArrayList<>();
    for (Path from : folders) {
      Documents documents = chosen(from);
      List<String> ids = documents.ids();
      if (ids.isEmpty()) {
        throw new IllegalArgumentException(nothingIn(from));
      }
      ids.forEach(id -> requireOnce(id, from, taken));
      selected.add(documents);
    }
    for (Path file : files) {
      requireOnce(file.getFileName().toString(), file, taken);
    }
    if (files.length > 0) {
      selected.add(Documents.files(files));
    }
    return selected;
  }

  private void requireSense(List<Path> folders, Path[] files) {
    if (folders.isEmpty() && !(only.isEmpty() && except.isEmpty())) {
      throw new IllegalArgumentException(
          (only.isEmpty() ? "--except" : "--only")
              + ": takes files of folders, and DOCUMENTS has none. Leave it out.");
    }
    if (delete && (folders.size() != 1 || files.length > 0)) {
      throw new IllegalArgumentException(
          DELETE
              + ": expected one folder with all documents of the index, found "
              + sources.size()
              + " folders and files. Name the folder above them, or leave "
              + DELETE
              + " out.");
    }
  }

  /** Rejects two documents with the same name, of which the index would keep only the second. */
  private static void requireOnce(String id, Path from, Map<String, Path> taken) {
    Path earlier = taken.putIfAbsent(id, from);
    if (earlier != null) {
      throw new IllegalArgumentException(
          ("DOCUMENTS: expected documents of different names, found '%s' in %s and in %s; the index"
                  + " would keep one. Name the folder above both.")
              .formatted(id, earlier, from));
    }
  }

  private String nothingIn(Path from) {
    List<String> all = Documents.in(from).ids();
    if (all.isEmpty()) {
      return "DOCUMENTS: expected a folder with documents, found "
          + Destination.described(from)
          + ", which has no files; nothing was changed. Where it is a disk, see whether it is"
          + " mounted.";
    }
    String option = only.isEmpty() ? "--except" : "--only";
    return "%s: expected a pattern that takes files of %s, found %s, which takes none of its %d, such as %s; nothing was changed. Correct the pattern: '**.md' takes those of all folders below it."
        .formatted(
            option,
            from,
            "'" + String.join("', '", only.isEmpty() ? except : only) + "'",
            all.size(),
            all.get(0));
  }

  /** Returns the selected files of a folder, excluding an index in it. */
  private Documents chosen(Path from) {
    Documents documents = Documents.in(from);
    Path own = from.toAbsolutePath().normalize();
    Path index = folder.index().toAbsolutePath().normalize();
    if (index.startsWith(own) && !index.equals(own)) {
      String below = own.relativize(index).toString().replace('\\', '/');
      documents = documents.except(below.replaceAll("[*?{}\\[\\]]", "\\\\$0") + "/**");
    }
    try {
      if (!only.isEmpty()) {
        documents = documents.only(only.toArray(String[]::new));
      }
      return except.isEmpty() ? documents : documents.except(except.toArray(String[]::new));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "%s: expected a pattern such as '**.md', found '%s': %s. Correct it."
              .formatted(
                  only.contains(e.getPattern()) ? "--only" : "--except",
                  e.getPattern(),
                  e.getDescription()),
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
    List<String> missing = missing(reports);
    missing.forEach(json.putArray("missing")::add);
    if (!missing.isEmpty()) {
      text.append(
          "kept: %d that %s not found there (%s); %s removes what is gone from a folder\n"
              .formatted(
                  missing.size(),
                  missing.size() == 1 ? "was" : "were",
                  Destination.some(missing),
                  DELETE));
    }
    ArrayNode failures = json.putArray("failed");
    ArrayNode skipped = json.putArray("skipped");
    for (ReadingReport reading : reports.stream().map(IngestReport::reading).toList()) {
      append(text, "failed", reading.failed(), failures);
      append(text, "skipped", reading.skipped(), skipped);
    }
    output.write(text.toString(), json);
    return failures.isEmpty() && documents + unchanged > 0 ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static void append(
      StringBuilder text, String what, List<FileProblem> problems, ArrayNode json) {
    for (FileProblem problem : problems) {
      String said = Wording.of(problem.toString());
      json.add(said);
      text.append(what).append(": ").append(said).append('\n');
    }
  }

  /** Returns the indexed ids missing from all sources. */
  private static List<String> missing(List<IngestReport> reports) {
    List<String> missing = new ArrayList<>(reports.get(0).missing());
    reports.forEach(report -> missing.retainAll(report.missing()));
    return missing;
  }
}
