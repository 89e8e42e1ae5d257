package io.adapt4j.core.internal.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.load.AdapterSet;
import io.adapt4j.core.internal.nn.DecoderSteps.Token;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.StepKernels;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.Logits;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What each step of a batch reads, for whom, and what becomes of requests. */
class RequestBatchTest {

  private static final StepKernels NONE = (decoder, rows, tokens, adapters) -> Optional.empty();

  private static final int MOST_STEPS = 40;

  private final long before = Tensor.live();
  private final List<Run> runs = new ArrayList<>();

  @AfterEach
  void nothingStaysInMemory() {
    runs.forEach(Run::close);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  private Run run(String model, StepKernels kernels) {
    runs.add(new Run(TinyDecoder.of(model), kernels));
    return runs.get(runs.size() - 1);
  }

  private static GenerationOptions.Builder greedy(int tokens) {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).ignoreContextLength(true);
  }

  /** A prompt that shares no beginning with that of another id. */
  private static int[] repeated(int id, int count) {
    int[] prompt = new int[count];
    Arrays.fill(prompt, id);
    return prompt;
  }

  /** A prompt that begins like all others of its kind. */
  private static int[] alike(int common, int id, int more) {
    int[] prompt = Arrays.copyOf(TinyDecoder.ids(common), common + more);
    Arrays.fill(prompt, common, prompt.length, id);
    return prompt;
  }

  /** A request in a batch, and how to cancel it. */
  private static final class Asked {
    private final Request request;
    private final RunningRequest running;
    private final CancellationToken cancellation;
    private @Nullable Generation answer;

    Asked(Request request, RunningRequest running, CancellationToken cancellation) {
      this.request = request;
      this.running = running;
      this.cancellation = cancellation;
    }

    RunningRequest running() {
      return running;
    }

    void cancel() {
      cancellation.cancel();
    }

    int held() {
      return running.held();
    }

    boolean isRefused() {
      return request.isRefused();
    }

    Generation answer() {
      assertThat(request.isOver()).isTrue();
      answer = answer == null ? request.await() : answer;
      return answer;
    }

    List<Integer> ids() {
      return answer().tokenIds();
    }

    void assertRefused(String message) {
      assertThat(isRefused()).isTrue();
      assertThatThrownBy(request::await).hasMessageContaining(message);
    }
  }

  /** A batch, and what it needs. */
  private static final class Run implements AutoCloseable {
    private final TinyDecoder model;
    private final AdapterSet adapters;
    private final PromptCache prompts;
    private final RequestBatch batch;

    Run(TinyDecoder model, StepKernels kernels) {
      this.model = model;
      this.adapters = new AdapterSet(model.decoder());
      this.prompts = new PromptCache(model.decoder(), 0);
      this.batch = new RequestBatch(model.generator(), model.decoder(), adapters, kernels);
    }

    Asked ask(GenerationOptions.Builder options, int... prompt) {
      return ask(null, options, prompt);
    }

    Asked ask(
        AdapterSet.@Nullable Lease adapter, GenerationOptions.Builder options, int... prompt) {
      CancellationToken cancellation = new CancellationToken();
      Request request =
          new Request(prompt, options.build(), RequestScheduler.SILENT, cancellation, adapter);
      return new Asked(request, batch.add(request, prompts), cancellation);
    }

    /** The requests of a call with several prompts. */
    List<Asked> call(GenerationOptions.Builder options, int[]... prompts) {
      CancellationToken cancellation = new CancellationToken();
      return Request.group(
              List.of(prompts), options.build(), RequestScheduler.SILENT, cancellation, () -> null)
          .stream()
          .map(request -> new Asked(request, batch.add(request, this.prompts), cancellation))
          .toList();
    }

    void steps(int count) {
      for (int i = 0; i < count; i++) {
        batch.step();
      }
    }

    /** Answers all, within the steps that these tests need at most. */
    void finish() {
      for (int i = 0; i < MOST_STEPS && !batch.isEmpty(); i++) {
        batch.step();
      }
      assertThat(batch.isEmpty()).isTrue();
    }

    @Override
    public void close() {
      batch.close();
      prompts.close();
      adapters.close();
      model.close();
    }
  }

  /** An adapter that changes nothing and knows whether it is on. */
  private static final class Switch implements AdapterMechanics, AttachedAdapter {
    private final boolean lowRank;
    private boolean isOn;
    private int turnedOn;

    Switch(boolean lowRank) {
      this.lowRank = lowRank;
    }

    @Override
    public List<String> problems(Network declared) {
      return List.of();
    }

    @Override
    public TrainableSummary trainableSummary(Network declared) {
      return TrainableSummary.ofValues(0);
    }

    @Override
    public AttachedAdapter attach(Network network) {
      return this;
    }

    @Override
    public void merge() {}

    @Override
    public void unmerge() {}

    @Override
    public void enabled(boolean on) {
      isOn = on;
      turnedOn += on ? 1 : 0;
    }

    @Override
    public boolean isLowRank() {
      return lowRank;
    }

    @Override
    public void close() {}
  }

  /** With kernels that run a step of all requests at once. */
  @Nested
  class BySteps {

    private final WrittenSteps.Kernels kernels = new WrittenSteps.Kernels();
    private final Run run = run("llama_linear", kernels);

    private Token output(int id, int row, int place) {
      return new Token(id, row, place, 0, true);
    }

    private Token read(int id, int row, int place) {
      return new Token(id, row, place, 0, false);
    }

    private List<Token> last() {
      List<List<Token>> all = kernels.steps().read;
      return all.get(all.size() - 1);
    }

    private Map<Integer, Integer> shares() {
      run.batch.step();
      return kernels.steps().shares();
    }

    @Test
    void aStepReadsTheNewestTokenOfEveryRequest() {
      Asked five = run.ask(greedy(3), 5);
      Asked ten = run.ask(greedy(2), 10);
      Asked twenty = run.ask(greedy(3), 20);
      run.batch.step();
      assertThat(last()).containsExactly(output(5, 0, 0), output(10, 1, 0), output(20, 2, 0));
      run.batch.step();
      assertThat(last()).containsExactly(output(11, 1, 1), output(21, 2, 1), output(6, 0, 1));
      assertThat(ten.ids()).containsExactly(11, 12);
      run.batch.step();
      assertThat(last()).containsExactly(output(22, 2, 2), output(7, 0, 2));
      assertThat(five.ids()).containsExactly(6, 7, 8);
      assertThat(twenty.ids()).containsExactly(21, 22, 23);
      assertThat(run.batch.passes()).isEqualTo(3);
    }

    @Test
    void ofAPromptTheLastTokenAloneIsAnOutput() {
      Asked asked = run.ask(greedy(1), 5, 6, 7);
      run.batch.step();
      assertThat(last()).containsExactly(read(5, 0, 0), read(6, 0, 1), output(7, 0, 2));
      assertThat(asked.ids()).containsExactly(8);
    }

    @Test
    void everyRequestWhoseLogitsAreWantedChoosesFromItsOwn() {
      Asked plain = run.ask(greedy(2), 5, 6);
      Asked ten = run.ask(greedy(2).logprobs(0), 8, 10);
      Asked other = run.ask(greedy(2), 15);
      Asked twenty = run.ask(greedy(2).logprobs(0), 20);
      run.finish();
      assertThat(plain.ids()).containsExactly(7, 8);
      assertThat(ten.ids()).containsExactly(11, 12);
      assertThat(other.ids()).containsExactly(16, 17);
      assertThat(twenty.ids()).containsExactly(21, 22);
    }

    @Test
    void eachRequestIsTheFirstOfARoundInTurn() {
      for (int id : new int[] {0, 5, 10}) {
        run.ask(greedy(40), id);
      }
      List<Integer> first = new ArrayList<>();
      for (int step = 0; step < RequestBatch.MOST + 3; step++) {
        assertThat(run.batch.running()).hasSize(3);
        run.batch.step();
        first.add(last().get(0).row());
      }
      assertThat(first).startsWith(0, 1, 2, 0, 0).endsWith(0, 0, 1, 2);
    }

    @Test
    void aRequestTakesTheFirstFreeRow() {
      assertThat(run.batch.isEmpty()).isTrue();
      List<Asked> all = new ArrayList<>();
      for (int i = 0; i < RequestBatch.MOST; i++) {
        assertThat(run.batch.isFull()).isFalse();
        all.add(run.ask(greedy(9), 5));
        assertThat(run.batch.isEmpty()).isFalse();
      }
      assertThat(run.batch.isFull()).isTrue();
      all.get(2).cancel();
      assertThat(shares().keySet()).hasSize(RequestBatch.MOST - 1).doesNotContain(2);
      assertThat(all.get(2).answer().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(kernels.steps().placed).doesNotContainKey(2);
      assertThat(run.batch.isFull()).isFalse();
      Asked joining = run.ask(greedy(9), 30);
      assertThat(run.batch.isFull()).isTrue();
      assertThat(kernels.steps().placed).containsEntry(2, joining.running().cache());
      assertThat(shares()).hasSize(RequestBatch.MOST);
      assertThat(last()).contains(output(30, 2, 0));
    }

    @Test
    void requestsAreAnsweredUntilNoneIsLeft() {
      Asked one = run.ask(greedy(1), 5);
      Asked four = run.ask(greedy(4), 10);
      run.batch.finish();
      assertThat(run.batch.isEmpty()).isTrue();
      assertThat(run.batch.running()).isEmpty();
      assertThat(kernels.steps().placed).isEmpty();
      assertThat(one.ids()).hasSize(1);
      assertThat(four.ids()).hasSize(4);
      assertThat(run.batch.passes()).isEqualTo(4);
    }

    @Test
    void aCacheIsPlacedAgainWhenAnotherSharesItsBeginning() {
      kernels.readPrompts = true;
      Asked first = run.ask(greedy(4), alike(44, 5, 10));
      run.batch.step();
      assertThat(kernels.steps().placements).isEqualTo(1);
      Asked second = run.ask(greedy(4), alike(44, 10, 3));
      assertThat(kernels.steps().placements).isEqualTo(2);
      assertThat(second.held()).isEqualTo(44);
      run.batch.step();
      assertThat(kernels.steps().placements).isEqualTo(3);
      assertThat(kernels.steps().placed)
          .containsEntry(0, first.running().cache())
          .containsEntry(1, second.running().cache());
      assertThat(last())
          .containsExactly(output(6, 0, 54), read(10, 1, 44), read(10, 1, 45), output(10, 1, 46));
    }

    @Test
    void aLongPromptIsReadInPieces() {
      kernels.readPrompts = true;
      kernels.readLongPrompts = true;
      Asked asked = run.ask(greedy(1), repeated(5, 300));
      run.batch.step();
      assertThat(last()).hasSize(128).noneMatch(Token::isOutput);
      run.batch.step();
      assertThat(last()).hasSize(128).noneMatch(Token::isOutput);
      assertThat(last().get(0).place()).isEqualTo(128);
      assertThat(asked.held()).isEqualTo(256);
      run.batch.step();
      assertThat(last()).hasSize(44).endsWith(output(5, 0, 299));
      assertThat(last().stream().filter(Token::isOutput)).hasSize(1);
      assertThat(asked.ids()).containsExactly(6);
    }

    @Test
    void theOldestPromptGetsHalfOfAStepAndTheShortestOfTheOthersTheRest() {
      kernels.readPrompts = true;
      run.ask(greedy(9), repeated(5, 200));
      run.ask(greedy(9), repeated(10, 100));
      run.ask(greedy(9), repeated(20, 30));
      assertThat(shares()).isEqualTo(Map.of(0, 64, 1, 34, 2, 30));
      assertThat(shares()).as("one is left to the answer").isEqualTo(Map.of(0, 64, 1, 63, 2, 1));
      assertThat(shares()).as("nobody else needs it").isEqualTo(Map.of(0, 72, 1, 3, 2, 1));
    }

    /** The first waits for the second, which reads what both begin with. */
    @Test
    void theHalfOfAnOldPromptThatWaitsIsThatOfItsReader() {
      kernels.readPrompts = true;
      Asked waiting = run.ask(greedy(9), alike(100, 5, 90));
      run.ask(greedy(9), repeated(10, 100));
      run.ask(greedy(9), repeated(20, 90));
      run.ask(greedy(9), alike(100, 30, 10));
      assertThat(shares()).isEqualTo(Map.of(2, 64, 3, 64));
      assertThat(waiting.held()).isEqualTo(64);
      assertThat(shares()).isEqualTo(Map.of(1, 56, 2, 26, 3, 46));
      assertThat(waiting.held()).isEqualTo(100);
    }

    @Test
    void aStepThatIsNoFasterForPromptsReadsAsManyTokensAsRequestsRun() {
      run.ask(greedy(9), repeated(5, 30));
      run.ask(greedy(9), repeated(10, 30));
      assertThat(shares()).isEqualTo(Map.of(0, 16, 1, 16));
      assertThat(shares()).isEqualTo(Map.of(0, 14, 1, 14));
      assertThat(shares()).isEqualTo(Map.of(0, 1, 1, 1));
    }

    @Test
    void promptsAreReadByStepsUpToTheLengthForWhichTheseAreFaster() {
      assertThat(readBySteps(32)).isEqualTo(32);
      assertThat(readBySteps(33)).as("the next token alone").isEqualTo(1);
      kernels.readPrompts = true;
      assertThat(readBySteps(33)).isEqualTo(33);
      assertThat(readBySteps(RequestBatch.CHUNK)).isEqualTo(RequestBatch.STEP);
      assertThat(readBySteps(RequestBatch.CHUNK + 1)).as("all but a chunk").isEqualTo(1);
      kernels.readLongPrompts = true;
      assertThat(readBySteps(RequestBatch.CHUNK + 1)).isEqualTo(RequestBatch.STEP);
    }

    /** The tokens of a prompt and its answer that the kernels read in the first step. */
    private int readBySteps(int prompt) {
      Asked asked = run.ask(greedy(2), repeated(5, prompt));
      run.batch.step();
      int read = last().size();
      asked.cancel();
      run.batch.step();
      return read;
    }

    @Test
    void rightGuessesAreAllAcceptedInAStep() {
      int[] prompt = IntStream.range(30, 40).toArray();
      Asked asked = run.ask(greedy(20).promptLookupTokens(4), prompt);
      run.batch.step();
      run.batch.step();
      assertThat(last())
          .containsExactly(
              output(30, 0, 10),
              output(31, 0, 11),
              output(32, 0, 12),
              output(33, 0, 13),
              output(34, 0, 14));
      assertThat(asked.held()).isEqualTo(15);
      run.finish();
      assertThat(run.batch.passes()).isEqualTo(5);
      assertThat(asked.ids()).hasSize(20).startsWith(30, 31, 32).endsWith(38, 39);
    }

    @Test
    void wrongGuessesAreForgotten() {
      Asked other = run.ask(greedy(4), 10);
      Asked asked = run.ask(greedy(4).promptLookupTokens(4), 31, 35, 30);
      run.batch.step();
      run.batch.step();
      assertThat(last())
          .containsExactly(output(31, 1, 3), output(35, 1, 4), output(30, 1, 5), output(11, 0, 1));
      assertThat(asked.held()).isEqualTo(4);
      run.batch.step();
      assertThat(last()).containsExactly(output(12, 0, 2), output(32, 1, 4));
      run.finish();
      assertThat(asked.ids()).containsExactly(31, 32, 33, 34);
      assertThat(other.ids()).containsExactly(11, 12, 13, 14);
    }

    @Test
    void guessesLeaveAnOutputToEachOtherRequest() {
      kernels.readPrompts = true;
      int[] cycle = IntStream.range(30, 40).toArray();
      run.ask(greedy(90).promptLookupTokens(40), cycle);
      run.ask(greedy(90).promptLookupTokens(40), cycle);
      run.batch.step();
      run.ask(greedy(9), repeated(5, 20));
      run.ask(greedy(9), repeated(10, 20));
      run.ask(greedy(9), 20);
      // The round starts with the second row.
      assertThat(shares()).isEqualTo(Map.of(0, 1, 1, 28, 2, 20, 3, 20, 4, 1));
      assertThat(last().stream().filter(Token::isOutput)).hasSize(RequestBatch.MOST);
    }

    @Test
    void promptsGetTheRoomThatGuessesLeave() {
      int[] cycle = IntStream.range(30, 40).toArray();
      run.ask(greedy(90).promptLookupTokens(9), cycle);
      run.batch.step();
      run.ask(greedy(9), repeated(5, 20));
      run.ask(greedy(9), repeated(10, 20));
      assertThat(shares()).isEqualTo(Map.of(0, 10, 1, 11, 2, 11));
    }

    @Test
    void aRequestThatCannotChooseFailsAlone() {
      Asked first = run.ask(greedy(2), 5);
      Asked broken = run.ask(greedy(2), WrittenSteps.BROKEN);
      Asked last = run.ask(greedy(2), 20);
      run.batch.step();
      broken.assertRefused("the logit of token id 0 is NaN");
      assertThat(kernels.steps().placed).containsOnlyKeys(0, 2);
      run.finish();
      assertThat(first.ids()).containsExactly(6, 7);
      assertThat(last.ids()).containsExactly(21, 22);
    }

    @Test
    void aStepThatFailsEndsTheRequestsThatItReadsFor() {
      kernels.readPrompts = true;
      run.ask(greedy(1), 30);
      run.batch.step();
      Asked oldest = run.ask(greedy(1), repeated(5, 200));
      Asked hasNoRoom = run.ask(greedy(1), repeated(10, 100));
      Asked shortest = run.ask(greedy(1), repeated(20, 90));
      kernels.steps().failure = new IllegalStateException("no memory");
      run.batch.step();
      oldest.assertRefused("no memory");
      shortest.assertRefused("no memory");
      assertThat(hasNoRoom.held()).isZero();
      kernels.steps().failure = null;
      run.finish();
      assertThat(hasNoRoom.ids()).containsExactly(11);
    }

    @Test
    void allRequestsFailIfNoStepCanBePrepared() {
      kernels.failure = new IllegalStateException("no kernels");
      List<Asked> all = List.of(run.ask(greedy(2), 5), run.ask(greedy(2), repeated(10, 40)));
      run.batch.step();
      assertThat(all).allSatisfy(asked -> asked.assertRefused("no kernels"));
      assertThat(run.batch.isEmpty()).isTrue();
    }

    @Test
    void allRequestsFailWithTheReasonGiven() {
      Asked five = run.ask(greedy(9), 5);
      Asked ten = run.ask(greedy(9), 10);
      run.batch.step();
      run.batch.fail(new IllegalStateException("no more"));
      five.assertRefused("no more");
      ten.assertRefused("no more");
      assertThat(run.batch.isEmpty()).isTrue();
      assertThat(kernels.steps().placed).isEmpty();
      assertThat(kernels.steps().closed).isFalse();
    }

    @Test
    void aClosedBatchRefusesItsRequestsAndReleasesItsKernels() {
      Asked asked = run.ask(greedy(9), 5);
      run.batch.step();
      run.batch.close();
      asked.assertRefused("The model has been closed");
      assertThat(kernels.steps().closed).isTrue();
    }

    @Test
    void releasedKernelsArePreparedAgainWithTheCachesThatRun() {
      Asked asked = run.ask(greedy(3), 5);
      run.batch.step();
      run.batch.release();
      assertThat(kernels.steps().closed).isTrue();
      run.batch.step();
      assertThat(kernels.prepared).hasSize(2);
      assertThat(kernels.prepared.get(1).read).containsExactly(List.of(output(6, 0, 1)));
      run.finish();
      assertThat(asked.ids()).containsExactly(6, 7, 8);
    }

    @Test
    void lowRankAdaptersAreNamedTokenByToken() {
      Switch unused = new Switch(true);
      Switch used = new Switch(true);
      run.adapters.add("unused", unused);
      run.adapters.add("used", used);
      run.ask(greedy(2), 5);
      Asked adapted = run.ask(run.adapters.lease("used"), greedy(2), 10);
      run.batch.step();
      assertThat(kernels.steps().adapters).containsExactly(unused, used);
      assertThat(last()).containsExactly(output(5, 0, 0), new Token(10, 1, 0, 0, true, 1));
      assertThat(used.turnedOn).isZero();
      run.finish();
      assertThat(adapted.ids()).containsExactly(11, 12);
    }

    @Test
    void anotherAdapterHasAStepOfItsOwnInWhichItIsOn() {
      Switch adapter = new Switch(false);
      run.adapters.add("adapter", adapter);
      kernels.observed = () -> adapter.isOn;
      Asked plain = run.ask(greedy(2), 5);
      Asked adapted = run.ask(run.adapters.lease("adapter"), greedy(2), 10);
      run.batch.step();
      assertThat(kernels.prepared).hasSize(2);
      WrittenSteps ofAll = kernels.prepared.get(0);
      WrittenSteps own = kernels.prepared.get(1);
      assertThat(ofAll.read).containsExactly(List.of(output(5, 0, 0)));
      assertThat(ofAll.seen).containsExactly(false);
      assertThat(own.read).containsExactly(List.of(output(10, 1, 0)));
      assertThat(own.seen).containsExactly(true);
      assertThat(adapter.isOn).isFalse();
      own.failure = new IllegalStateException("no memory");
      run.batch.step();
      adapted.assertRefused("no memory");
      assertThat(plain.ids()).containsExactly(6, 7);
    }

    @Test
    void textsAreReadOneByOneWhereTheRotationFollowsTheLength() {
      Run dynamic = run("llama_dynamic", kernels);
      Asked five = dynamic.ask(greedy(3), 5);
      Asked ten = dynamic.ask(greedy(3), 10);
      dynamic.batch.step();
      assertThat(kernels.steps().read)
          .containsExactly(List.of(output(5, 0, 0)), List.of(output(10, 1, 0)));
      dynamic.finish();
      assertThat(five.ids()).containsExactly(6, 7, 8);
      assertThat(ten.ids()).containsExactly(11, 12, 13);
    }

    @Test
    void operatorsReadWhatIsRotatedByTheLengthOfAnotherText() {
      Run dynamic = run("llama_dynamic", kernels);
      List<Asked> call = dynamic.call(greedy(3), new int[] {5, 6}, new int[] {7, 8, 9});
      dynamic.batch.step();
      assertThat(kernels.steps().read)
          .containsExactly(List.of(read(7, 1, 0), read(8, 1, 1), output(9, 1, 2)));
      assertThat(call.get(0).held()).isEqualTo(2);
    }
  }

  /** Without kernels. */
  @Nested
  class ByOperators {

    private final Run run = run("llama_linear", NONE);

    /** Checks an answer against passes over the whole text, without a cache. */
    private void assertLikeliest(Run run, Asked asked, int... prompt) {
      int[] text = prompt;
      List<Integer> ids = asked.ids();
      for (int at = 0; at < ids.size(); at++) {
        assertThat(ids.get(at)).as("token %d", at).isEqualTo(likeliestAfter(run.model, text));
        text = Arrays.copyOf(text, text.length + 1);
        text[text.length - 1] = ids.get(at);
      }
    }

    private int likeliestAfter(TinyDecoder model, int[] text) {
      long[] ids = Arrays.stream(text).asLongStream().toArray();
      try (Scope scope = Scope.open();
          Positions positions =
              model.decoder().positions(repeatedOnes(text.length), 1, text.length)) {
        Tensor hidden =
            model
                .decoder()
                .hidden(Ops.inference(), Tensor.of(ids, 1, ids.length), positions, false);
        Tensor last = hidden.narrow(1, text.length - 1L, 1);
        return (int) Logits.likeliest(model.decoder().logits(last))[0];
      }
    }

    private long[] repeatedOnes(int count) {
      long[] ones = new long[count];
      Arrays.fill(ones, 1);
      return ones;
    }

    private int[] prompt(int id, int count) {
      int[] prompt = TinyDecoder.ids(count);
      prompt[0] = id;
      return prompt;
    }

    @Test
    void aLongPromptIsReadInChunksAndAnsweredAfterTheLast() {
      Asked asked = run.ask(greedy(2), prompt(5, 600));
      run.batch.step();
      assertThat(asked.held()).isEqualTo(256);
      run.batch.step();
      assertThat(asked.held()).isEqualTo(512);
      assertThat(run.batch.passes()).isEqualTo(2);
      run.batch.step();
      assertThat(run.batch.passes()).as("the rest, and the first token").isEqualTo(4);
      assertThat(asked.ids()).hasSize(2);
      assertLikeliest(run, asked, prompt(5, 600));
    }

    @Test
    void aPromptOfAsManyTokensAsRequestsRunIsNotLong() {
      Asked asked = run.ask(greedy(9), prompt(5, 32));
      run.batch.step();
      assertThat(asked.held()).isEqualTo(32);
      Asked longer = run.ask(greedy(9), prompt(10, 33));
      run.batch.step();
      assertThat(longer.held()).as("with the token after it").isEqualTo(34);
    }

    @Test
    void aRoundReadsAChunkOfOneLongPromptInTurn() {
      Asked first = run.ask(greedy(9), prompt(5, 100));
      Asked second = run.ask(greedy(9), prompt(10, 100));
      run.batch.step();
      assertThat(List.of(first.held(), second.held())).containsExactly(101, 0);
      run.batch.step();
      assertThat(List.of(first.held(), second.held())).containsExactly(102, 101);
      assertThat(run.batch.passes()).isEqualTo(2 + 3);
    }

    @Test
    void longPromptsOfACallShareAChunkAsFarAsTheyFit() {
      int[][] prompts = {prompt(5, 200), prompt(10, 56), prompt(20, 40)};
      List<Asked> call = run.call(greedy(3), prompts);
      run.batch.step();
      assertThat(call.stream().map(Asked::held)).containsExactly(201, 57, 0);
      assertThat(run.batch.passes()).isEqualTo(2);
      run.batch.step();
      assertThat(call.stream().map(Asked::held)).containsExactly(202, 58, 41);
      run.finish();
      for (int i = 0; i < 3; i++) {
        assertLikeliest(run, call.get(i), prompts[i]);
      }
    }

    @Test
    void aChunkIsOfOneCall() {
      List<Asked> call = new ArrayList<>();
      call.addAll(run.call(greedy(9), prompt(5, 50), prompt(6, 51)));
      Asked other = run.ask(greedy(9), prompt(10, 40));
      run.batch.step();
      assertThat(call.stream().map(Asked::held)).containsExactly(51, 52);
      assertThat(other.held()).isZero();
    }

    @Test
    void aPassReadsTheTokensOfOneCall() {
      int[][] one = {prompt(5, 4), prompt(6, 1), prompt(7, 7)};
      int[][] two = {prompt(10, 3), prompt(11, 2)};
      List<Asked> first = run.call(greedy(3), one);
      List<Asked> second = run.call(greedy(3).logprobs(0), two);
      Asked single = run.ask(greedy(3), prompt(20, 5));
      run.batch.step();
      assertThat(run.batch.passes()).isEqualTo(3);
      run.finish();
      assertThat(run.batch.passes()).isEqualTo(9);
      for (int i = 0; i < one.length; i++) {
        assertLikeliest(run, first.get(i), one[i]);
      }
      for (int i = 0; i < two.length; i++) {
        assertLikeliest(run, second.get(i), two[i]);
      }
      assertLikeliest(run, single, prompt(20, 5));
      assertThat(first.get(0).ids()).isNotEqualTo(first.get(2).ids());
    }

    @Test
    void theTokensOfACallThatDoNotFitIntoAPassWait() {
      List<Asked> call =
          run.call(
              greedy(9),
              prompt(5, 32),
              prompt(6, 32),
              prompt(7, 32),
              prompt(8, 32),
              prompt(9, 32),
              prompt(10, 31));
      run.batch.step();
      assertThat(call.stream().map(Asked::held)).containsExactly(32, 32, 32, 1, 0, 31);
    }

    @Test
    void rightAndWrongGuessesAnswerTheSame() {
      int[] cycle = IntStream.range(0, 12).map(i -> 5 + i % 3).toArray();
      List<Asked> call =
          run.call(greedy(20).promptLookupTokens(8), cycle, prompt(7, 9), prompt(9, 20));
      run.finish();
      assertLikeliest(run, call.get(0), cycle);
      assertLikeliest(run, call.get(1), prompt(7, 9));
      assertLikeliest(run, call.get(2), prompt(9, 20));
    }

    /** The second has the fewest tokens to read, and waits for none of the others. */
    @Test
    void ofTextsThatBeginAlikeTheShortestReadsForAll() {
      Asked longest = run.ask(greedy(2), alike(44, 5, 60));
      Asked shortest = run.ask(greedy(2), alike(44, 10, 1));
      Asked between = run.ask(greedy(2), alike(44, 20, 5));
      run.batch.step();
      assertThat(run.batch.passes())
          .as("its prompt and token, and the rest of another")
          .isEqualTo(3);
      assertThat(shortest.ids()).hasSize(2);
      assertThat(longest.held()).isEqualTo(44);
      assertThat(between.held()).isEqualTo(49);
      run.finish();
      assertLikeliest(run, longest, alike(44, 5, 60));
      assertLikeliest(run, shortest, alike(44, 10, 1));
      assertLikeliest(run, between, alike(44, 20, 5));
    }

    @Test
    void anotherReadsIfTheShortestIsCancelled() {
      Asked longest = run.ask(greedy(2), alike(44, 5, 60));
      Asked shortest = run.ask(greedy(2), alike(44, 10, 1));
      Asked between = run.ask(greedy(2), alike(44, 20, 5));
      shortest.cancel();
      run.batch.step();
      assertThat(between.ids()).hasSize(2);
      assertThat(longest.held()).isEqualTo(44);
    }

    @Test
    void textsThatBeginOtherwiseHaveTheirOwnReader() {
      run.ask(greedy(2), alike(44, 5, 60));
      run.ask(greedy(2), alike(44, 10, 1));
      int[] other = alike(44, 5, 60);
      other[0] = 30;
      Asked first = run.ask(greedy(2), other);
      int[] longer = Arrays.copyOf(other, 106);
      longer[44] = 20;
      Asked second = run.ask(greedy(2), longer);
      run.batch.step();
      assertThat(first.held()).isZero();
      run.batch.step();
      assertThat(first.ids()).hasSize(2);
      assertThat(second.held()).isEqualTo(44);
    }

    @Test
    void aBeginningStaysSharedWhileRequestsAreReadOneByOne() {
      run.ask(greedy(9), alike(44, 5, 4));
      run.ask(greedy(9), alike(44, 10, 6));
      assertThat(run.batch.bytes()).isEqualTo(bytes(44 + 4 + 8 + 6 + 8));
      run.steps(3);
      assertThat(run.batch.bytes()).isEqualTo(bytes(44 + 4 + 8 + 6 + 8));
      run.finish();
      assertThat(run.batch.bytes()).isZero();
    }

    private long bytes(int tokens) {
      return run.model.decoder().cacheBytes(1, tokens, DType.F32);
    }

    @Test
    void anAdapterOfARequestIsOnDuringItsPasses() {
      Switch adapter = new Switch(true);
      run.adapters.add("adapter", adapter);
      Asked plain = run.ask(greedy(2), 5);
      Asked adapted = run.ask(run.adapters.lease("adapter"), greedy(2), 10);
      run.batch.step();
      int before = adapter.turnedOn;
      assertThat(adapter.isOn).isFalse();
      run.batch.step();
      assertThat(adapter.turnedOn).isEqualTo(before + 1);
      assertThat(adapter.isOn).isFalse();
      assertThat(adapted.ids()).hasSize(2);
      assertThat(plain.ids()).hasSize(2);
    }

    @Test
    void aPassThatFailsEndsItsCallAlone() {
      List<Asked> call = run.call(greedy(2), prompt(5, 4), prompt(6, 40));
      Asked other = run.ask(greedy(2), prompt(10, 4));
      call.get(1).running().cache().close();
      run.batch.step();
      assertThat(call.get(1).isRefused()).isTrue();
      assertThat(call.get(0).isRefused()).as("it was read by itself").isFalse();
      run.finish();
      assertLikeliest(run, other, prompt(10, 4));
      assertLikeliest(run, call.get(0), prompt(5, 4));
      assertThatIllegalStateException().isThrownBy(() -> call.get(1).answer());
    }

    /** The rotation follows the length beyond 16 tokens. */
    @Test
    void aPromptIsReadWholeIfItsRotationFollowsItsLength() {
      Run dynamic = run("llama_dynamic", NONE);
      Asked fits = dynamic.ask(greedy(1), prompt(5, 16));
      Asked longer = dynamic.ask(greedy(9), prompt(10, 17));
      Asked longest = dynamic.ask(greedy(1), prompt(20, 300));
      dynamic.batch.step();
      assertLikeliest(dynamic, fits, prompt(5, 16));
      assertThat(longer.held()).as("with the token after it").isEqualTo(18);
      assertThat(longest.held()).isZero();
      dynamic.steps(2);
      assertLikeliest(dynamic, longest, prompt(20, 300));
      assertThat(dynamic.batch.passes()).as("one for each prompt").isEqualTo(3 + 3);
    }

    @Test
    void aTextIsRotatedByTheLongestOfItsCallWhenThatHasEnded() {
      int[][] prompts = {prompt(5, 4), prompt(10, 24)};
      List<TokenLogprobs> wanted = logprobsOfFirst(prompts, false);
      List<TokenLogprobs> found = logprobsOfFirst(prompts, true);
      List<TokenLogprobs> alone = logprobsOfFirst(new int[][] {prompts[0]}, false);
      double last = wanted.get(4).logprob();
      assertThat(found.get(4).logprob()).isCloseTo(last, offset(1e-5));
      assertThat(alone.get(4).logprob()).isNotCloseTo(last, offset(1e-4));
    }

    private List<TokenLogprobs> logprobsOfFirst(int[][] prompts, boolean aloneLater) {
      Run dynamic = run("llama_dynamic", NONE);
      List<Asked> call = dynamic.call(greedy(5).logprobs(0), prompts);
      dynamic.batch.step();
      if (aloneLater) {
        call.get(1).running().fail(new IllegalStateException("ended"));
      }
      dynamic.finish();
      return call.get(0).answer().logprobs();
    }

    /** The frequencies change after 32 tokens, all of which are read. */
    @Test
    void whatFollowsAChangeOfTheRotationNeedNotBeReadWhole() {
      Run switching = run("phi3_longrope_switch", NONE);
      switching.prompts.limit(1 << 20);
      switching.ask(greedy(1), prompt(5, 40));
      switching.finish();
      int[] other = prompt(5, 40);
      other[32] ^= 1;
      Asked asked = switching.ask(greedy(2), other);
      assertThat(asked.held()).isEqualTo(32);
      switching.batch.step();
      assertThat(asked.held()).as("without the token after it").isEqualTo(40);
    }
  }
}
