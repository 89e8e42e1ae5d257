package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.augment.QuestionWriter;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.PromptTemplate;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.tune.Raft;
import io.adapt4j.rag.tune.RaftQuestion;
import io.adapt4j.rag.tune.RaftRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes training rows of an index. */
@Command(
    name = "raft",
    description =
        "Makes rows that teach a model to answer from the passages of an index, to cite them, and"
            + " to say when they have no answer (RAFT); train on them with 'adapt4j train'.",
    mixinStandardHelpOptions = true)
final class RagRaftCommand implements Callable<Integer> {

  private static final String QUESTIONS = "--questions";
  private static final String MODEL = "--model";
  private static final String OUTPUT = "--output";
  private static final String ANSWERS = "--answers";

  @Mixin private RagFolder folder;
  @Mixin private Output output;

  @Option(
      names = OUTPUT,
      paramLabel = "FILE",
      required = true,
      description = "The file of the rows, as JSON lines.")
  private Path file;

  @Option(
      names = QUESTIONS,
      paramLabel = "FILE",
      description =
          "Rows with the fields question and answer, and perhaps document and passage; without an"
              + " answer where the documents have none.")
  private @Nullable Path questions;

  @Option(
      names = MODEL,
      paramLabel = "MODEL",
      description =
          "The model whose context the rows must fit into: a checkpoint folder, a GGUF file, or"
              + " OWNER/NAME on a hub. Without --questions it writes them.")
  private @Nullable String model;

  @Option(
      names = "--each",
      paramLabel = "N",
      defaultValue = "2",
      description = "Questions to write about each passage; default ${DEFAULT-VALUE}.")
  private int each;

  @Option(
      names = "--judge",
      description = "Have the model judge every answer that it wrote, and leave out wrong ones.")
  private boolean judge;

  @Option(
      names = ANSWERS,
      paramLabel = "FOLDER",
      description = "Keep what the model writes here, so that a command that was cut off goes on.")
  private @Nullable Path answers;

  @Option(
      names = "--distractors",
      paramLabel = "N",
      defaultValue = "" + Raft.DEFAULT_DISTRACTORS,
      description = "Passages beside the right one; default ${DEFAULT-VALUE}.")
  private int distractors;

  @Option(
      names = "--without-gold",
      paramLabel = "SHARE",
      defaultValue = "" + Raft.DEFAULT_WITHOUT_GOLD,
      description =
          "Share of the answerable questions that are asked without the right passage; default"
              + " ${DEFAULT-VALUE}.")
  private double withoutGold;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of order and choice; default ${DEFAULT-VALUE}.")
  private long seed;

  @Option(names = "--overwrite", description = "Replace a file that is there.")
  private boolean overwrite;

  RagRaftCommand() {}

  @Override
  public Integer call() throws IOException {
    folder.requireIndex();
    Destination.file(OUTPUT, file, overwrite);
    if (questions != null) {
      Destination.rows(QUESTIONS, questions);
    } else if (model == null) {
      throw new IllegalArgumentException(
          QUESTIONS + ": expected it, or --model to write questions, found neither. Name one.");
    }
    if (questions != null && (answers != null || judge)) {
      throw new IllegalArgumentException(
          "%s: has no effect with --questions. Leave it out."
              .formatted(answers == null ? "--judge" : ANSWERS));
    }
    if (answers != null) {
      Destination.folder(ANSWERS, answers);
    }
    List<RaftQuestion> read = questions == null ? List.of() : RaftQuestion.read(questions);
    try (LocalEmbeddings embeddings = folder.embeddings()) {
      if (model == null) {
        return make(embeddings, read, null);
      }
      Path at = ModelArgument.folder(MODEL, model);
      try (LanguageModel opened = LanguageModel.load(ModelSource.path(at))) {
        return make(embeddings, read, opened);
      }
    }
  }

  private int make(
      LocalEmbeddings embeddings, List<RaftQuestion> read, @Nullable LanguageModel opened)
      throws IOException {
    try (Rag rag =
        RagFolder.open(Rag.builder().index(folder.index()).embeddings(embeddings), "--embedder")) {
      Raft raft = Raft.in(rag.index(), embeddings).seed(seed);
      SamplingArguments.set("--distractors", () -> raft.distractors(distractors));
      SamplingArguments.set("--without-gold", () -> raft.withoutGold(withoutGold));
      if (opened == null) {
        return write(raft.rows(read));
      }
      raft.budget(opened);
      return write(raft.rows(questions == null ? written(raft, opened) : read));
    }
  }

  private List<RaftQuestion> written(Raft raft, LanguageModel opened) {
    QuestionWriter writer =
        QuestionWriter.by(opened.asGenerator())
            .template(PromptTemplate.of("{question}"))
            .keepFields(RaftQuestion.DOCUMENT, RaftQuestion.PASSAGE);
    SamplingArguments.set("--each", () -> writer.questions(each));
    if (judge) {
      writer.backCheck();
    }
    if (answers != null) {
      writer.cache(AnswerCache.at(answers));
    }
    try {
      return RaftQuestion.of(writer.write(raft.passages()).dataset());
    } catch (DatasetException e) {
      throw new IllegalArgumentException(
          "%s: expected a model that writes questions with answers, found %s, which gave none that can be used. Name a larger one, or give %s."
              .formatted(MODEL, model, QUESTIONS),
          e);
    }
  }

  private int write(RaftRows rows) {
    rows.write(file);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("output", file.toString()).put("rows", rows.dataset().size());
    ObjectNode kinds = json.putObject("kinds");
    rows.kinds().forEach((kind, count) -> kinds.put(kind.name(), count));
    ObjectNode rejected = json.putObject("rejected");
    rows.rejected().forEach((why, count) -> rejected.put(why.name(), count));
    return output.write(
        "%d rows in %s: %s; left out: %s\n"
            .formatted(rows.dataset().size(), file, rows.kinds(), rows.rejected()),
        json);
  }
}
