package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.ConstraintState;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationListener;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.generate.TokenMask;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A request advanced pass by pass, with outputs written by hand instead of a model's. */
class RunningRequestTest {

  private static final int EOS = 2;
  private static final int PLENTY = 1000;

  private final long before = Tensor.live();
  private final TinyDecoder model = TinyDecoder.of("llama_linear");
  private final PromptCache prompts = new PromptCache(model.decoder(), 1L << 30);
  private final CancellationToken cancellation = new CancellationToken();

  private Consumer<String> onText = RequestScheduler.SILENT;
  private @Nullable AnswerConstraint constraint;

  @AfterEach
  void nothingStaysInMemory() {
    prompts.close();
    model.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private static GenerationOptions.Builder greedy() {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(8);
  }

  private RunningRequest start(int[] prompt, GenerationOptions options, int room) {
    return start(request(prompt, options), new TextOutput(null, List.of(), text -> {}), room);
  }

  private Request request(int[] prompt, GenerationOptions options) {
    return new Request(prompt, options, onText, cancellation);
  }

  private RunningRequest start(Request request, TextOutput text, int room) {
    return new RunningRequest(
        model.decoder(), request, room, Set.of(EOS), text, constraint, prompts, null);
  }

  /** Reads what comes next and lets the outputs be those tokens. */
  private static int[] pass(RunningRequest running, int most, int... outputs) {
    int[] ids = running.next(most);
    int count = running.outputs(ids.length);
    running.cache().advance(ids.length);
    if (count > 0) {
      running.accept(0, count, new WrittenScores(Arrays.copyOf(outputs, count)));
    }
    return ids;
  }

  private static Generation end(RunningRequest running, Request request) {
    running.close();
    return request.await();
  }

  private static void abandon(RunningRequest running) {
    running.fail(new IllegalStateException("abandoned"));
    running.close();
  }

  @Test
  void aLongPromptIsReadInPieces() {
    Request request = request(TinyDecoder.ids(24), greedy().build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    assertThat(running.unread()).isEqualTo(24);
    assertThat(pass(running, 10)).isEqualTo(Arrays.copyOf(TinyDecoder.ids(24), 10));
    assertThat(running.outputs(10)).isZero();
    assertThat(pass(running, 10)).isEqualTo(Arrays.copyOfRange(TinyDecoder.ids(24), 10, 20));
    assertThat(pass(running, 4, 7)).isEqualTo(Arrays.copyOfRange(TinyDecoder.ids(24), 20, 24));
    assertThat(running.unread()).isEqualTo(1);
    for (int id = 8; id < 15; id++) {
      assertThat(running.isOver()).isFalse();
      assertThat(pass(running, 32, id)).containsExactly(id - 1);
    }
    assertThat(running.isOver()).isTrue();
    Generation answer = end(running, request);
    assertThat(answer.tokenIds()).containsExactly(7, 8, 9, 10, 11, 12, 13, 14);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.promptTokens()).isEqualTo(24);
  }

  @Test
  void theReasonAtTheLastTokenIsTheSmallerOfTheLimits() {
    for (int room : new int[] {7, 8, 9}) {
      Request request = request(TinyDecoder.ids(4), greedy().build());
      RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), room);
      while (!running.isOver()) {
        pass(running, 32, 9);
      }
      Generation answer = end(running, request);
      assertThat(answer.tokenIds()).hasSize(Math.min(room, 8));
      assertThat(answer.finishReason())
          .isEqualTo(room < 8 ? FinishReason.CONTEXT_LENGTH : FinishReason.LENGTH);
    }
  }

  @Test
  void manyNewTokensAreKept() {
    Request request = request(TinyDecoder.ids(4), greedy().maxNewTokens(300).build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    for (int i = 0; i < 300; i++) {
      pass(running, 32, 10 + i);
    }
    assertThat(end(running, request).tokenIds()).hasSize(300).startsWith(10, 11).endsWith(309);
  }

  @Test
  void anEndTokenOrAStopIdEndsTheAnswer() {
    RunningRequest ended = start(TinyDecoder.ids(4), greedy().build(), PLENTY);
    pass(ended, 32, EOS);
    assertThat(ended.isOver()).isTrue();
    ended.close();
    RunningRequest goesOn = start(TinyDecoder.ids(4), greedy().ignoreEos(true).build(), PLENTY);
    pass(goesOn, 32, EOS);
    assertThat(goesOn.isOver()).isFalse();
    abandon(goesOn);
    Request request = request(TinyDecoder.ids(4), greedy().stopIds(Set.of(17)).build());
    RunningRequest stopped = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    pass(stopped, 32, 17);
    assertThat(end(stopped, request).finishReason()).isEqualTo(FinishReason.STOP_ID);
  }

  @Test
  void aStopStringEndsTheAnswerEvenInTextHeldBack() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      int[] ids = tokenizer.encode("Once upon a time", false);
      Request request = request(new int[] {1}, greedy().maxNewTokens(40).build());
      TextOutput text = new TextOutput(tokenizer.stream(true), List.of("upon"), t -> {});
      RunningRequest running = start(request, text, PLENTY);
      for (int i = 0; i < ids.length && !running.isOver(); i++) {
        pass(running, 32, ids[i]);
      }
      Generation answer = end(running, request);
      assertThat(answer.text().strip()).isEqualTo("Once");
      assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    }
  }

  /** The text 5 6 7 8 9 5 6 7: after 8, its continuation 9 5 6 .. is guessed. */
  @Test
  void guessesAreAcceptedAsLongAsTheyAreRight() {
    int[] prompt = {5, 6, 7, 8, 9, 5, 6, 7};
    Request request = request(prompt, greedy().promptLookupTokens(4).build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    assertThat(pass(running, 32, 8)).isEqualTo(prompt);
    assertThat(running.next(1)).containsExactly(8);
    assertThat(running.next(3)).containsExactly(8, 9, 5);
    int[] ids = running.next(32);
    assertThat(ids).containsExactly(8, 9, 5, 6, 7);
    assertThat(running.outputs(5)).isEqualTo(5);
    running.cache().advance(5);
    running.accept(0, 5, new WrittenScores(9, 5, 20, 21, 22));
    assertThat(running.held()).isEqualTo(11);
    assertThat(running.unread()).isEqualTo(1);
    assertThat(running.isOver()).isFalse();
    // 20 is new: nothing is found to continue it.
    assertThat(running.next(32)).containsExactly(20);
    abandon(running);
  }

  @Test
  void noMoreIsGuessedThanMayBeAnswered() {
    int[] prompt = {5, 6, 7, 8, 9, 5, 6, 7};
    RunningRequest running =
        start(prompt, greedy().maxNewTokens(3).promptLookupTokens(4).build(), PLENTY);
    pass(running, 32, 8);
    assertThat(running.next(32)).containsExactly(8, 9);
    running.cache().advance(2);
    running.accept(0, 2, new WrittenScores(9, 5));
    assertThat(running.isOver()).isTrue();
    running.close();
  }

  @Test
  void anAnswerCancelledAmongGuessesEndsThere() {
    int[] prompt = {5, 6, 7, 8, 9, 5, 6, 7};
    Request request = request(prompt, greedy().promptLookupTokens(4).build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    pass(running, 32, 8);
    running.next(32);
    running.cache().advance(5);
    cancellation.cancel();
    running.accept(0, 5, new WrittenScores(9, 5, 6, 7, 8));
    assertThat(running.isOver()).isFalse();
    running.finishIfCancelled();
    assertThat(running.isOver()).isTrue();
    Generation answer = end(running, request);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(answer.tokenIds()).containsExactly(8, 9);
  }

  @Test
  void aFinishedAnswerIsNotCancelledAfterwards() {
    Request request = request(TinyDecoder.ids(4), greedy().build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    pass(running, 32, EOS);
    running.finishIfCancelled();
    cancellation.cancel();
    running.finishIfCancelled();
    assertThat(end(running, request).finishReason()).isEqualTo(FinishReason.EOS);
  }

  @Test
  void keysAreKeptUnlessTheRequestFails() {
    RunningRequest failing = start(TinyDecoder.ids(24), greedy().build(), PLENTY);
    pass(failing, 32, 7);
    Request refused = request(TinyDecoder.ids(30), greedy().build());
    RunningRequest another = start(refused, new TextOutput(null, List.of(), t -> {}), PLENTY);
    IllegalStateException reason = new IllegalStateException("no memory");
    another.fail(reason);
    assertThat(another.isOver()).isTrue();
    assertThat(another.failure()).isSameAs(reason);
    another.close();
    assertThat(prompts.bytes()).isZero();
    assertThatIllegalStateException().isThrownBy(refused::await).withMessage("no memory");
    pass(failing, 32, EOS);
    failing.close();
    assertThat(prompts.bytes()).isPositive();
    RunningRequest next = start(TinyDecoder.ids(24), greedy().build(), PLENTY);
    assertThat(next.unread()).isEqualTo(1);
    abandon(next);
  }

  @Test
  void samplingTellsTheLogProbabilities() {
    List<TokenLogprobs> told = new ArrayList<>();
    onText =
        new GenerationListener() {
          @Override
          public void accept(String text) {}

          @Override
          public void token(TokenLogprobs token) {
            told.add(token);
          }
        };
    Request request = request(TinyDecoder.ids(4), greedy().maxNewTokens(2).logprobs(1).build());
    RunningRequest running = start(request, new TextOutput(null, List.of(), t -> {}), PLENTY);
    assertThat(running.isPlainGreedy()).isFalse();
    pass(running, 32, 7);
    pass(running, 32, 8);
    Generation answer = end(running, request);
    assertThat(answer.logprobs()).hasSize(2).isEqualTo(told);
    assertThat(told).extracting(TokenLogprobs::tokenId).containsExactly(7, 8);
  }

  @Test
  void onlyGreedyAnswersWithoutAConstraintTakeTheLikeliest() {
    RunningRequest plain = start(TinyDecoder.ids(4), greedy().build(), PLENTY);
    assertThat(plain.isPlainGreedy()).isTrue();
    RunningRequest sampled = start(TinyDecoder.ids(4), greedy().temperature(1).build(), PLENTY);
    assertThat(sampled.isPlainGreedy()).isFalse();
    assertThat(sampled.sampler()).isNotNull();
    constraint = new AnswerConstraint(new Sequence(5), List.of(EOS));
    RunningRequest constrained = start(TinyDecoder.ids(4), greedy().build(), PLENTY);
    assertThat(constrained.isPlainGreedy()).isFalse();
    for (RunningRequest each : List.of(plain, sampled, constrained)) {
      assertThat(each.adapter()).isNull();
      abandon(each);
    }
  }

  /** A state in which exactly these tokens may come, one after the other, then nothing. */
  private static final class Sequence implements ConstraintState {
    private final Deque<Integer> left = new ArrayDeque<>();

    Sequence(int... ids) {
      Arrays.stream(ids).forEach(left::add);
    }

    @Override
    public TokenMask allowed() {
      BitSet ids = new BitSet();
      if (!left.isEmpty()) {
        ids.set(left.peek());
      }
      return TokenMask.of(ids);
    }

    @Override
    public boolean mayEnd() {
      return left.isEmpty();
    }

    @Override
    public void accept(int tokenId) {
      assertThat(left.poll()).isEqualTo(tokenId);
    }

    @Override
    public int allowedPrefix(int[] tokenIds) {
      int length = 0;
      for (int id : left) {
        if (length == tokenIds.length || tokenIds[length] != id) {
          break;
        }
        length++;
      }
      return length;
    }
  }

  @Test
  void aConstraintThatAllowsNothingMoreEndsTheAnswer() {
    constraint = new AnswerConstraint(new Sequence(), List.of());
    Request empty = request(TinyDecoder.ids(4), greedy().build());
    RunningRequest over = start(empty, new TextOutput(null, List.of(), t -> {}), PLENTY);
    assertThat(over.isOver()).isTrue();
    Generation none = end(over, empty);
    assertThat(none.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(none.tokenIds()).isEmpty();

    constraint = new AnswerConstraint(new Sequence(5, 6), List.of());
    Request two = request(TinyDecoder.ids(4), greedy().build());
    RunningRequest running = start(two, new TextOutput(null, List.of(), t -> {}), PLENTY);
    pass(running, 32, 30);
    assertThat(running.isOver()).isTrue();
    Generation answer = end(running, two);
    assertThat(answer.tokenIds()).containsExactly(5, 6);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void forcedTokensWaitForOnePass() {
    int[] forced = new int[50];
    Arrays.setAll(forced, i -> 100 + i);
    constraint = new AnswerConstraint(new Sequence(forced), List.of(EOS));
    RunningRequest running = start(TinyDecoder.ids(4), greedy().maxNewTokens(60).build(), PLENTY);
    pass(running, 32, 30);
    assertThat(running.unread()).isEqualTo(RequestBatch.MOST);
    assertThat(running.next(32)).startsWith(100, 101).endsWith(131);
    cancellation.cancel();
    running.cache().advance(32);
    running.accept(0, 1, new WrittenScores(30));
    assertThat(running.unread()).isEqualTo(1);
    abandon(running);
  }

  @Test
  void guessesTheConstraintForbidsAreDropped() {
    int[] prompt = {5, 6, 7, 8, 9, 5, 6, 7};
    constraint =
        new AnswerConstraint(
            new Choices(List.of(Set.of(8, 20), Set.of(9, 20), Set.of(1, 20))), List.of(EOS));
    RunningRequest running = start(prompt, greedy().promptLookupTokens(4).build(), PLENTY);
    pass(running, 32, 8);
    assertThat(running.next(32)).containsExactly(8, 9);
    abandon(running);
  }

  /** A state in which each token is one of some. */
  private static final class Choices implements ConstraintState {
    private final List<Set<Integer>> choices;
    private int at;

    Choices(List<Set<Integer>> choices) {
      this.choices = choices;
    }

    @Override
    public TokenMask allowed() {
      BitSet ids = new BitSet();
      choices.get(at).forEach(ids::set);
      return TokenMask.of(ids);
    }

    @Override
    public boolean mayEnd() {
      return false;
    }

    @Override
    public void accept(int tokenId) {
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
  }

  @Test
  void aGroupRotatesByItsLongestPrompt() {
    try (TinyDecoder dynamic = TinyDecoder.of("llama_dynamic");
        PromptCache own = new PromptCache(dynamic.decoder(), 0)) {
      List<Request> group =
          Request.group(
              List.of(TinyDecoder.ids(4), TinyDecoder.ids(10)),
              greedy().build(),
              onText,
              cancellation,
              () -> null);
      List<RunningRequest> running = new ArrayList<>();
      for (Request each : group) {
        running.add(
            new RunningRequest(
                dynamic.decoder(),
                each,
                PLENTY,
                Set.of(EOS),
                new TextOutput(null, List.of(), t -> {}),
                null,
                own,
                null));
      }
      assertThat(running).extracting(RunningRequest::extra).containsExactly(6, 0);
      // The rotation changes beyond 16 tokens of the longest.
      assertThat(running.get(0).rotationChanges(9, 10)).isFalse();
      assertThat(running.get(0).rotationChanges(10, 11)).isTrue();
      assertThat(running.get(1).rotationChanges(10, 11)).isFalse();
      assertThat(running.get(1).rotationChanges(16, 17)).isTrue();
      assertThat(running).allMatch(RunningRequest::isOfGroup);
      assertThat(running).extracting(RunningRequest::group).containsOnly(group.get(0));
      for (RunningRequest each : running) {
        abandon(each);
      }
    }
    RunningRequest alone = start(TinyDecoder.ids(4), greedy().build(), PLENTY);
    assertThat(alone.extra()).isZero();
    assertThat(alone.isOfGroup()).isFalse();
    assertThat(alone.rotationChanges(1, 900)).isFalse();
    abandon(alone);
  }
}
