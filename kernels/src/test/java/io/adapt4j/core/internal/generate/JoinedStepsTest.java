package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.DecoderSteps;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What requests in one step of the kernels get, to the bit of their log probabilities. */
class JoinedStepsTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");
  private static final int COMMON = 40;

  static Stream<String> families() {
    try (Stream<Path> folders = Files.list(FAMILIES)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("generation_config.json")))
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Prompts of tokens that others have too, and then their own; the last two are the same. */
  @ParameterizedTest
  @MethodSource("families")
  void aSharedBeginningChangesNoBit(String family) {
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      try (Model model = Model.of(family, precision)) {
        assumeThat(model.hasSteps()).isTrue();
        GenerationOptions options =
            GenerationOptions.builder()
                .maxNewTokens(8)
                .temperature(0.7)
                .seed(3)
                .logprobs(1)
                .ignoreContextLength(true)
                .build();
        List<int[]> prompts = new ArrayList<>();
        for (int more : new int[] {1, 2, 6, 9, 9}) {
          int[] prompt = ids(COMMON + more);
          prompt[COMMON] = 3 + more;
          prompts.add(prompt);
        }
        List<Generation> together = model.together(prompts, options);
        for (int i = 0; i < prompts.size(); i++) {
          assertThat(together.get(i))
              .as("%s, prompt %d", precision, i)
              .isEqualTo(model.together(List.of(prompts.get(i)), options).get(0));
        }
      }
    }
  }

  /** Layers that use the keys of others are computed for tokens whose logits are wanted alone. */
  @ParameterizedTest
  @ValueSource(strings = {"gemma3n", "gemma4"})
  void aLongPromptIsReadInStepsThatLeaveLayersOut(String family) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(8)
            .logprobs(1)
            .ignoreContextLength(true)
            .build();
    try (Model model = Model.of(family, Precision.FP32)) {
      assumeThat(model.readsLongPrompts()).isTrue();
      Generation found = model.together(List.of(ids(3 * RequestBatch.STEP)), options).get(0);
      System.setProperty("adapt4j.kernels.steps", "off");
      Generation wanted;
      try {
        wanted = model.together(List.of(ids(3 * RequestBatch.STEP)), options).get(0);
      } finally {
        System.clearProperty("adapt4j.kernels.steps");
      }
      assertThat(found.tokenIds()).isEqualTo(wanted.tokenIds());
      try (RequestBatch batch = model.newBatch()) {
        model.add(batch, ids(3 * RequestBatch.STEP), options);
        batch.finish();
        assertThat(batch.passes()).as("two more for the prompt").isEqualTo(8 + 2);
      }
    }
  }

  private static int[] ids(int count) {
    return new SplittableRandom(5).ints(count, 3, 39).toArray();
  }

  /**
   * A step has as many outputs as requests can run. Guesses get what is left of them when each
   * prompt that ends in the step has its own.
   */
  @Test
  void guessesLeaveTheOutputsOfPromptsToThem() {
    long before = Tensor.live();
    try (Model model = Model.of("granite_bias", Precision.FP32)) {
      assumeThat(model.hasSteps()).isTrue();
      // A text of one token over and over, which is guessed to go on so, and does.
      GenerationOptions guessing =
          GenerationOptions.greedy().toBuilder()
              .maxNewTokens(36)
              .promptLookupTokens(11)
              .logitBias(Map.of(7, 1000.0))
              .build();
      GenerationOptions plain = GenerationOptions.greedy().toBuilder().maxNewTokens(3).build();
      int[] repeating = {7, 7, 7, 7};
      Generation ofGuessing = model.together(List.of(repeating), guessing).get(0);
      Generation ofPlain = model.together(List.of(new int[] {5, 6, 8}), plain).get(0);
      try (RequestBatch batch = model.newBatch()) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          requests.add(model.add(batch, repeating, guessing));
        }
        batch.step();
        for (int i = 8; i < RequestBatch.MOST; i++) {
          requests.add(model.add(batch, new int[] {5, 6, 8}, plain));
        }
        batch.finish();
        assertThat(ofGuessing.tokenIds()).containsOnly(7);
        for (int i = 0; i < requests.size(); i++) {
          assertThat(requests.get(i).await()).isEqualTo(i < 8 ? ofGuessing : ofPlain);
        }
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** A model whose requests share what they begin with. */
  private record Model(LoadedModel model, Generator generator, PromptCache prompts)
      implements AutoCloseable {

    static Model of(String family, Precision precision) {
      LoadedModel model =
          LoadedModel.load(FAMILIES.resolve(family), precision, WeightFormat.asStored(), List.of());
      Generator generator = new Generator(model.decoder(), Optional.empty(), Set.of());
      return new Model(model, generator, new PromptCache(model.decoder(), 0));
    }

    boolean hasSteps() {
      return stepsAre(steps -> true);
    }

    boolean readsLongPrompts() {
      return stepsAre(DecoderSteps::readsLongPrompts);
    }

    private boolean stepsAre(Predicate<DecoderSteps> such) {
      try (DecoderSteps steps =
          StepKernels.prepared(model.decoder(), 1, 1, List.of()).orElse(null)) {
        return steps != null && such.test(steps);
      }
    }

    RequestBatch newBatch() {
      return generator.newBatch(generator.noAdapters());
    }

    Request add(RequestBatch batch, int[] prompt, GenerationOptions options) {
      Request request =
          new Request(prompt, options, RequestScheduler.SILENT, new CancellationToken());
      batch.add(request, prompts);
      return request;
    }

    List<Generation> together(List<int[]> prompts, GenerationOptions options) {
      try (RequestBatch batch = newBatch()) {
        List<Request> requests =
            prompts.stream().map(prompt -> add(batch, prompt, options)).toList();
        batch.finish();
        return requests.stream().map(Request::await).toList();
      }
    }

    @Override
    public void close() {
      prompts.close();
      model.close();
    }
  }
}
