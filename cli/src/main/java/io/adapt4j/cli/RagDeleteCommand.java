package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.upkeep.deletion.DocumentDeletion;
import io.adapt4j.upkeep.deletion.DocumentDeletionReport;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes documents and what was kept of them. */
@Command(
    name = "delete",
    description =
        "Deletes documents from an index, and the vectors, answers and feedback that were kept of"
            + " them. Stop what answers from the index before. A command that was cut off can be"
            + " given again.",
    mixinStandardHelpOptions = true)
final class RagDeleteCommand implements Callable<Integer> {

  private static final String REPORT = "--report";

  @Mixin private RagFolder folder;
  @Mixin private Output output;

  @Parameters(
      paramLabel = "ID",
      arity = "1..*",
      description = "Ids of documents, as answers cite them: paths below the indexed folder.")
  private List<String> ids;

  @Option(
      names = "--vectors",
      paramLabel = "FOLDER",
      description = "Folder of cached vectors (CachedEmbeddings). May be given again.")
  private List<Path> vectors = List.of();

  @Option(
      names = "--answers",
      paramLabel = "FOLDER",
      description =
          "Folder of cached answers, as 'adapt4j rag raft --answers' writes it. May be given again.")
  private List<Path> answers = List.of();

  @Option(
      names = "--replies",
      paramLabel = "FOLDER",
      description =
          "Folder of kept replies, as 'adapt4j eval --replies' writes it. May be given again.")
  private List<Path> replies = List.of();

  @Option(
      names = "--feedback",
      paramLabel = "FOLDER",
      description = "Folder of a feedback log, as 'adapt4j serve --feedback' writes it.")
  private @Nullable Path feedback;

  @Option(
      names = "--plain-customers",
      description = "The log was made with customers in plain, not as hashes.")
  private boolean plain;

  @Option(
      names = REPORT,
      paramLabel = "FILE",
      description = "Write a report without contents as JSON, for an auditor.")
  private @Nullable Path report;

  @Option(names = "--overwrite", description = "Replace a report that is there.")
  private boolean overwrite;

  RagDeleteCommand() {}

  @Override
  public Integer call() throws IOException {
    folder.requireIndex();
    vectors.forEach(path -> Destination.existing("--vectors", "a folder of vectors", path));
    answers.forEach(path -> Destination.existing("--answers", "a folder of answers", path));
    replies.forEach(path -> Destination.existing("--replies", "a folder of replies", path));
    FeedbackLog.Builder log =
        feedback == null ? null : FeedbackCommand.existing("--feedback", feedback, plain);
    if (report != null) {
      Destination.file(REPORT, report, overwrite);
    }
    try (LocalEmbeddings embeddings = folder.embeddings();
        Rag rag =
            RagFolder.open(
                Rag.builder().index(folder.index()).embeddings(embeddings), "--embedder")) {
      DocumentDeletion deletion = DocumentDeletion.of(rag.index(), ids.toArray(String[]::new));
      vectors.forEach(deletion::vectors);
      answers.forEach(deletion::answers);
      replies.forEach(deletion::replies);
      if (log != null) {
        deletion.feedback(log.open());
      }
      return write(deletion.run());
    }
  }

  private int write(DocumentDeletionReport result) {
    if (report != null) {
      result.write(report);
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode documents = json.putArray("documents");
    result
        .documents()
        .forEach(
            document ->
                documents
                    .addObject()
                    .put("id", document.id())
                    .put("found", document.sha256().isPresent())
                    .put("passages", document.passages()));
    ArrayNode removed = json.putArray("removed");
    result
        .removed()
        .forEach(
            entries ->
                removed
                    .addObject()
                    .put("kind", entries.kind())
                    .put("place", entries.place().toString())
                    .put("count", entries.ids().size()));
    output.write(result.text(), json);
    return result.documents().stream().allMatch(document -> document.sha256().isPresent())
        ? ExitCode.OK
        : ExitCode.FINDINGS;
  }
}
