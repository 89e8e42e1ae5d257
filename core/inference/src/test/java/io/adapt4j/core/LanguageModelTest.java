package io.adapt4j.core;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Generation of text with the trained stories260K model. */
class LanguageModelTest {

  private static final String LILY = "Once upon a time, there was a little girl named Lily.";
  private static final String TOM = "Tom and his mom went to the";
  private static final GenerationOptions GREEDY =
      GenerationOptions.greedy().toBuilder().maxNewTokens(120).build();

  @Test
  void greedyStoriesAreThoseOfTheReference() throws IOException {
    JsonNode expected =
        Json.parse(Files.readString(Golden.data("stories260K").resolve("expected.json")));
    try (LanguageModel model = TestModels.stories()) {
      for (JsonNode story : expected.get("greedy")) {
        if (story.get("smallest_top2_logit_gap").asDouble() > 0.02) {
          String prompt = story.get("prompt").asText();
          Generation found = model.generate(prompt, GREEDY, piece -> {});
          assertThat(found.tokenIds()).containsExactlyElementsOf(ints(story));
          assertThat(prompt + found.text()).isEqualTo(story.get("text").asText());
          assertThat(found.promptTokens()).isEqualTo(story.get("prompt_ids").size());
          assertThat(found.finishReason()).isEqualTo(FinishReason.LENGTH);
        }
      }
    }
  }

  @Test
  void streamedPiecesJoinToTheText() {
    try (LanguageModel model = TestModels.stories()) {
      List<String> pieces = new ArrayList<>();
      Generation found = model.generate(TOM, GREEDY, pieces::add);
      assertThat(String.join("", pieces)).isEqualTo(found.text());
      assertThat(pieces).hasSizeGreaterThan(50).doesNotContain("");
      assertThat(found.text()).startsWith(" park.");
    }
  }

  @Test
  void aBatchGivesWhatEachPromptGivesAlone() {
    try (LanguageModel model = TestModels.stories()) {
      List<String> prompts = List.of(TOM, "", LILY);
      List<Generation> batch = model.generateAll(prompts, GREEDY);
      for (int i = 0; i < prompts.size(); i++) {
        assertThat(batch.get(i)).isEqualTo(model.generate(prompts.get(i), GREEDY, piece -> {}));
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameTextAndAnotherSeedAnother() {
    GenerationOptions sampled =
        GenerationOptions.builder().maxNewTokens(40).topP(0.9).topK(50).seed(7).build();
    try (LanguageModel model = TestModels.stories()) {
      String first = model.generate(LILY, sampled);
      assertThat(model.generate(LILY, sampled)).isEqualTo(first);
      assertThat(model.generate(LILY, sampled.toBuilder().seed(8).build())).isNotEqualTo(first);
    }
  }

  @Test
  void rowsOfASampledBatchDiffer() {
    GenerationOptions sampled = GenerationOptions.builder().maxNewTokens(40).seed(7).build();
    try (LanguageModel model = TestModels.stories()) {
      List<Generation> batch = model.generateAll(List.of(LILY, LILY), sampled);
      assertThat(batch.get(0).text()).isNotEqualTo(batch.get(1).text());
      assertThat(batch.get(0).text()).isEqualTo(model.generate(LILY, sampled));
    }
  }

  @Test
  void aRepetitionPenaltyChangesGreedyText() {
    try (LanguageModel model = TestModels.stories()) {
      GenerationOptions penalized = GREEDY.toBuilder().repetitionPenalty(1.3).build();
      assertThat(model.generate(LILY, penalized)).isNotEqualTo(model.generate(LILY, GREEDY));
    }
  }

  @Test
  void aStopStringCutsTheTextAndNeverShowsInTheStream() {
    try (LanguageModel model = TestModels.stories()) {
      StringBuilder streamed = new StringBuilder();
      Generation found =
          model.generate(
              TOM, GREEDY.toBuilder().stopStrings("a big box with").build(), streamed::append);
      assertThat(found.text()).isEqualTo(" park. They saw ");
      assertThat(streamed.toString()).isEqualTo(found.text());
      assertThat(found.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    }
  }

  @Test
  void aStopIdEndsTheTextBeforeItsToken() {
    try (LanguageModel model = TestModels.stories()) {
      int stop = model.generate(TOM, GREEDY, piece -> {}).tokenIds().get(1);
      Generation found =
          model.generate(TOM, GREEDY.toBuilder().stopIds(Set.of(stop)).build(), piece -> {});
      assertThat(found.finishReason()).isEqualTo(FinishReason.STOP_ID);
      assertThat(found.tokenIds()).endsWith(stop);
      assertThat(found.text()).isEqualTo(" p");
    }
  }

  @Test
  void endTokensOfTheGenerationConfigurationEndTheText(@TempDir Path folder) throws IOException {
    copyStories(folder);
    try (LanguageModel model = TestModels.stories()) {
      int end = model.generate(TOM, GREEDY, piece -> {}).tokenIds().get(1);
      assertThat(model.endTokenIds()).containsExactlyInAnyOrder(1, 2);
      Files.writeString(
          folder.resolve("generation_config.json"), "{\"eos_token_id\": [2, " + end + "]}");
      try (LanguageModel other = TestModels.fp32(folder)) {
        Generation found = other.generate(TOM, GREEDY, piece -> {});
        assertThat(found.finishReason()).isEqualTo(FinishReason.EOS);
        assertThat(found.text()).isEqualTo(" p");
        Generation ignoring =
            other.generate(TOM, GREEDY.toBuilder().ignoreEos(true).build(), piece -> {});
        assertThat(ignoring.tokenIds()).hasSize(120);
      }
    }
  }

  @Test
  void endTokensComeFromTheModelsConfigurationWhereGenerationNamesNone(@TempDir Path folder)
      throws IOException {
    copyStories(folder);
    Files.writeString(folder.resolve("generation_config.json"), "{}");
    try (LanguageModel model = TestModels.fp32(folder)) {
      assertThat(model.endTokenIds()).containsExactly(2);
    }
  }

  @Test
  void anotherThreadCanCancelAndTheTextSoFarIsKept() throws Exception {
    try (LanguageModel model = TestModels.stories()) {
      CancellationToken cancellation = new CancellationToken();
      CountDownLatch started = new CountDownLatch(1);
      CountDownLatch cancelled = new CountDownLatch(1);
      StringBuilder streamed = new StringBuilder();
      CompletableFuture<Generation> running =
          CompletableFuture.supplyAsync(
              () ->
                  model.generate(
                      LILY,
                      GREEDY,
                      piece -> {
                        streamed.append(piece);
                        started.countDown();
                        await(cancelled);
                      },
                      cancellation));
      await(started);
      cancellation.cancel();
      cancelled.countDown();
      Generation found = running.get(10, TimeUnit.SECONDS);
      assertThat(found.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(found.tokenIds()).hasSize(1);
      assertThat(found.text()).isEqualTo(streamed.toString()).isNotEmpty();
    }
  }

  @Test
  void closingWaitsForACallInProgressAndUseAfterwardsIsRefused() throws Exception {
    LanguageModel model = TestModels.stories();
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Generation> running =
        CompletableFuture.supplyAsync(
            () -> model.generate(LILY, GREEDY, piece -> started.countDown()));
    await(started);
    model.close();
    model.close();
    assertThat(running.get(10, TimeUnit.SECONDS).tokenIds()).hasSize(120);
    assertThatIllegalStateException()
        .isThrownBy(() -> model.generate(LILY, GREEDY))
        .withMessage("This LanguageModel has been closed");
    assertThatIllegalStateException().isThrownBy(() -> model.score("a", " b"));
  }

  @Test
  void closingFromACallbackIsRefusedAndTheModelStaysUsable() {
    try (LanguageModel model = TestModels.stories()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> model.generate(LILY, GREEDY, piece -> model.close()))
          .withMessageContaining("callback");
      assertThat(model.generate(LILY, GREEDY)).startsWith(" She loved");
    }
  }

  @Test
  void noNativeArrayOutlivesACallOrTheModel() {
    long before = Tensor.live();
    try (LanguageModel model = TestModels.stories()) {
      model.limitPromptCache(0);
      long loaded = Tensor.live();
      model.generateAll(List.of(LILY, TOM), GREEDY);
      model.generate(LILY, GenerationOptions.builder().maxNewTokens(5).build());
      model.score(LILY, " She");
      assertThatThrownBy(
              () ->
                  model.generate(
                      LILY,
                      GREEDY,
                      piece -> {
                        throw new IllegalCallerException("stop");
                      }))
          .isInstanceOf(IllegalCallerException.class);
      assertThat(Tensor.live()).isEqualTo(loaded);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aCheckpointThatDoesNotMatchIsRefusedBeforeItTakesMemory(@TempDir Path folder)
      throws IOException {
    copyStories(folder);
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"hidden_size\": 64", "\"hidden_size\": 128"));
    long before = Tensor.live();
    refuses(CheckpointException.class, () -> TestModels.fp32(folder), "model.embed_tokens.weight");
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void adaptersAreCheckedAttachedAndClosedBeforeTheModel() {
    Path folder = TestModels.golden("llama");
    RecordingAdapter adapter = new RecordingAdapter(List.of());
    try (LanguageModel model =
        LanguageModel.load(ModelSource.path(folder), Precision.FP32, adapter)) {
      model.mergeAdapters();
      model.unmergeAdapters();
      model.enableAdapters(false);
    }
    assertThat(adapter.calls)
        .containsExactly("attach", "merge", "unmerge", "enabled false", "close");

    RecordingAdapter misfit = new RecordingAdapter(List.of("No layer is called x.", "Rank 0."));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LanguageModel.load(ModelSource.path(folder), misfit))
        .withMessageContaining("No layer is called x. Rank 0.");
    assertThat(misfit.calls).isEmpty();
  }

  @Test
  void automaticPrecisionNeverRoundsStoredWeights() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(TestModels.golden("llama")))) {
      assertThat(model.decoder().type()).isEqualTo(DType.F32);
    }
  }

  private static List<Integer> ints(JsonNode story) {
    List<Integer> ids = new ArrayList<>();
    story.get("continuation_ids").forEach(id -> ids.add(id.intValue()));
    return ids;
  }

  private static void copyStories(Path folder) throws IOException {
    Path source = Golden.data("stories260K");
    for (String name :
        List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
      Files.write(folder.resolve(name), Files.readAllBytes(source.resolve(name)));
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static final class RecordingAdapter implements AdapterMechanics {
    private final List<String> problems;
    private final List<String> calls = new ArrayList<>();

    private RecordingAdapter(List<String> problems) {
      this.problems = problems;
    }

    @Override
    public List<String> problems(Network declared) {
      return problems;
    }

    @Override
    public TrainableSummary trainableSummary(Network declared) {
      return TrainableSummary.ofValues(0);
    }

    @Override
    public AttachedAdapter attach(Network network) {
      calls.add("attach");
      return new AttachedAdapter() {
        @Override
        public void merge() {
          calls.add("merge");
        }

        @Override
        public void unmerge() {
          calls.add("unmerge");
        }

        @Override
        public void enabled(boolean enabled) {
          calls.add("enabled " + enabled);
        }

        @Override
        public void close() {
          assertThat(network.embedding().value().isClosed()).isFalse();
          calls.add("close");
        }
      };
    }
  }
}
