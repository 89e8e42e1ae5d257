package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.Golden;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.TokenBytes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tokens that a constraint leaves no choice about are not asked of the model. */
class ForcedTokensTest {

  private static final int EOS = 2;
  private static final int[] PROMPT = {1, 403, 407, 261};

  @AutoClose private static LoadedModel model;

  @BeforeAll
  static void load() {
    model =
        LoadedModel.load(
            Golden.data("stories260K"), Precision.FP32, WeightFormat.asStored(), List.of());
  }

  /** Each token is one of some. */
  private record Steps(List<Set<Integer>> choices) implements OutputConstraint {

    @Override
    public ConstraintState begin(TokenBytes vocabulary, boolean atBeginning) {
      return new ConstraintState() {
        private int at;

        @Override
        public TokenMask allowed() {
          BitSet ids = new BitSet();
          if (at < choices.size()) {
            choices.get(at).forEach(ids::set);
          }
          return TokenMask.of(ids);
        }

        @Override
        public boolean mayEnd() {
          return at == choices.size();
        }

        @Override
        public void accept(int tokenId) {
          assertThat(choices.get(at)).contains(tokenId);
          at++;
        }

        @Override
        public int allowedPrefix(int[] tokenIds) {
          int length = 0;
          while (length < tokenIds.length
              && at + length < choices.size()
              && choices.get(at + length).contains(tokenIds[length])) {
            length++;
          }
          return length;
        }
      };
    }
  }

  private static Steps steps(int count, int every) {
    List<Set<Integer>> choices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int id = 300 + i % 50;
      choices.add(i % every == every - 1 ? Set.of(id, 350, 360) : Set.of(id));
    }
    return new Steps(choices);
  }

  private record Answer(Generation generation, int passes) {}

  private static Answer alone(GenerationOptions options) {
    Generator generator = new Generator(model.decoder(), model.tokenizer(), Set.of(EOS));
    Request request =
        new Request(PROMPT, options, RequestScheduler.SILENT, new CancellationToken());
    try (PromptCache prompts = new PromptCache(model.decoder(), 0);
        RequestBatch batch = generator.newBatch(generator.noAdapters())) {
      batch.add(request, prompts);
      batch.finish();
      return new Answer(request.await(), batch.passes());
    }
  }

  /** One token a pass, as when all log-probabilities are asked for. */
  private static List<Integer> stepByStep(GenerationOptions options) {
    return alone(options.toBuilder().logprobs(0).build()).generation().tokenIds();
  }

  @Test
  void theyTakeAPassForEveryThirtyTwo() {
    Answer answer = alone(GenerationOptions.builder().constraint(steps(40, 100)).build());
    assertThat(answer.generation().tokenIds()).hasSize(41).endsWith(EOS);
    assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.EOS);
    assertThat(answer.passes()).isEqualTo(2);
  }

  @Test
  void theAnswerIsTheOneOfSingleSteps() {
    for (int seed = 0; seed < 6; seed++) {
      GenerationOptions options =
          GenerationOptions.builder()
              .temperature(2)
              .repetitionPenalty(1.3)
              .seed(seed)
              .constraint(steps(60, 5))
              .build();
      Answer answer = alone(options);
      assertThat(answer.generation().tokenIds()).isEqualTo(stepByStep(options));
      assertThat(answer.passes()).isEqualTo(13);
    }
  }

  @Test
  void aLimitEndsAmongThem() {
    Answer answer =
        alone(GenerationOptions.builder().maxNewTokens(7).constraint(steps(40, 100)).build());
    assertThat(answer.generation().tokenIds()).hasSize(7);
    assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.LENGTH);
  }
}
