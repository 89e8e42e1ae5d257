package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.ChatSession;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.regularization.Regularization;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.LoraInit;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.upkeep.feedback.FeedbackEntries;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that an earlier build wrote are read, and its runs resume. */
class FormerFilesTest {

  private static final Path FORMER = FormerFiles.FORMER;
  private static final Path RELEASE = FORMER.resolve("0.1.0");

  private static final String CONTEXT = "Once upon a time";
  private static final String CONTINUATION = " there was a little girl named Lily.";

  /** Processors differ in the last bits. */
  private static final double TOLERANCE = 1e-4;

  @TempDir private Path folder;

  @Test
  void anInterruptedRunResumesWithTheLossesItWouldHaveHad() throws IOException {
    Path run = folder.resolve("run");
    copy(FORMER.resolve("run"), run);
    Map<Integer, Double> losses = new TreeMap<>();
    tuner(run, losses).resume().build().run();

    Map<Integer, Double> expected = losses();
    assertThat(losses.keySet()).containsExactly(6, 7, 8, 9);
    losses.forEach(
        (step, loss) ->
            assertThat(loss).as("step %d", step).isCloseTo(expected.get(step), within(TOLERANCE)));
  }

  @Test
  void anAdapterGivesTheSameScores() {
    try (LanguageModel model =
        LanguageModel.load(
            FormerFiles.MODEL, Precision.FP32, LoraAdapter.at(FORMER.resolve("adapter")))) {
      assertThat(model.score(CONTEXT, CONTINUATION).sum())
          .isCloseTo(-5.160318434704095, within(TOLERANCE));
    }
  }

  @Test
  void aFourBitCheckpointGivesTheSameScores() {
    try (LanguageModel model =
        LanguageModel.load(
            ModelSource.path(FORMER.resolve("nf4")),
            Quantization.nf4().doubleQuant(true),
            Precision.FP32)) {
      assertThat(model.score(CONTEXT, CONTINUATION).sum())
          .isCloseTo(-6.442093325546011, within(TOLERANCE));
    }
  }

  @Test
  void aGgufFileGivesTheSameScores() {
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(RELEASE.resolve("model.gguf")), Precision.FP32)) {
      assertThat(model.score(CONTEXT, CONTINUATION).sum())
          .isCloseTo(-5.4032110050320625, within(TOLERANCE));
    }
  }

  @Test
  void aSessionGoesOnFromItsCache() throws IOException {
    try (LanguageModel model = LanguageModel.load(FormerFiles.agedModel(folder), Precision.FP32)) {
      model.useChatTemplate(FormerFiles.TEMPLATE);
      ChatSession session = ChatSession.restore(model, RELEASE.resolve("session"));
      assertThat(session.messages()).hasSize(2);
      assertThat(session.send("And then?", FormerFiles.GREEDY).cachedTokens()).isPositive();
    }
  }

  @Test
  void anIndexIsSearchedAndExtended() throws IOException {
    Path index = folder.resolve("index");
    copy(RELEASE.resolve("index"), index);
    try (Rag rag = FormerFiles.rag(index)) {
      rag.add(List.of(Document.of("hours", "We are there from 8 to 5.")));
      assertThat(rag.search("return an item").passages().get(0).documentId()).isEqualTo("returns");
      assertThat(rag.search("from 8 to 5").passages().get(0).documentId()).isEqualTo("hours");
    }
  }

  @Test
  void aRegistryKeepsItsVersionsAndTheirHistory() throws IOException {
    copy(RELEASE.resolve("registry"), folder.resolve("registry"));
    Registry registry = Registry.open(folder.resolve("registry"));
    assertThat(registry.verify()).isEmpty();
    assertThat(registry.resolve("support@production").number()).isEqualTo(1);
    assertThat(registry.history("support").get(0).who()).isEqualTo("anna");
  }

  @Test
  void feedbackIsReadWithItsAnswer() throws IOException {
    copy(RELEASE.resolve("feedback"), folder.resolve("feedback"));
    FeedbackEntries entries =
        FeedbackLog.at(folder.resolve("feedback")).plainCustomers().open().judged();
    assertThat(entries.answers().get(0).customer()).contains("acme");
    assertThat(entries.feedback().get(0).judgment().correction()).contains("There.");
  }

  private static FineTuner.Builder tuner(Path output, Map<Integer, Double> losses) {
    return FineTuner.builder()
        .model(FormerFiles.MODEL)
        .dataset(Datasets.read(FORMER.resolve("rows.jsonl")).open().split(0.8, 0.2, 0, 1))
        .method(Lora.rank(2).alpha(4).rankStabilized().initialize(LoraInit.pissa()))
        .regularize(Regularization.l2ToBase(0.1))
        .output(output)
        .epochs(9)
        .maxSteps(9)
        .batchSize(2)
        .maxLength(32)
        .learningRate(1e-3)
        .precision(Precision.FP32)
        .seed(7)
        .keepBest()
        .evaluateEvery(Interval.steps(3))
        .saveEvery(Interval.steps(3))
        .saveLimit(1)
        .listener(
            new TrainingListener() {
              @Override
              public void step(StepEvent event) {
                losses.put(event.step(), event.loss());
              }
            });
  }

  private static Map<Integer, Double> losses() throws IOException {
    return Files.readAllLines(FORMER.resolve("losses.txt")).stream()
        .map(line -> line.split(" "))
        .collect(
            Collectors.toMap(
                fields -> Integer.valueOf(fields[0]), fields -> Double.valueOf(fields[1])));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      files.forEach(
          file -> {
            try {
              Files.copy(file, to.resolve(from.relativize(file).toString()));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
