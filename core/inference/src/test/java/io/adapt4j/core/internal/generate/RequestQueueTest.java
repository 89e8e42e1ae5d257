package io.adapt4j.core.internal.generate;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Single requests and those of a call with several prompts, waiting and answered. */
class RequestQueueTest {

  private static final GenerationOptions OPTIONS = GenerationOptions.greedy();

  private final CancellationToken cancellation = new CancellationToken();
  private final RequestQueue queue = new RequestQueue();

  private Request single(int id) {
    return new Request(new int[] {id}, OPTIONS, RequestScheduler.SILENT, new CancellationToken());
  }

  private List<Request> group(int... ids) {
    List<int[]> prompts = Arrays.stream(ids).mapToObj(id -> new int[] {id}).toList();
    return Request.group(prompts, OPTIONS, RequestScheduler.SILENT, cancellation, () -> null);
  }

  private static Generation answer(String text) {
    return new Generation(text, List.of(1), FinishReason.LENGTH, 1);
  }

  @Test
  void requestsOfAGroupKnowEachOther() {
    List<Request> group = group(1, 2, 3);
    assertThat(group).extracting(Request::row).containsExactly(0, 1, 2);
    assertThat(group).allMatch(Request::isOfGroup).allMatch(each -> each.group() == group.get(0));
    assertThat(group).extracting(Request::isOfBegunGroup).containsExactly(false, true, true);
    assertThat(group.get(0).following()).contains(group.get(1));
    assertThat(group.get(2).following()).isEmpty();
    Request alone = single(4);
    assertThat(alone.isOfGroup()).isFalse();
    assertThat(alone.group()).isSameAs(alone);
    assertThat(alone.following()).isEmpty();
  }

  @Test
  void theNextOfAGroupJoinsAtTheEnd() {
    List<Request> group = group(1, 2);
    Request alone = single(3);
    assertThat(queue.isEmpty()).isTrue();
    queue.add(group.get(0));
    queue.add(alone);
    assertThat(queue.isEmpty()).isFalse();
    assertThat(queue.first(request -> true)).contains(group.get(0));
    queue.started(group.get(0));
    assertThat(queue.first(request -> true)).contains(alone);
    queue.started(alone);
    assertThat(queue.first(request -> true)).contains(group.get(1));
    queue.started(group.get(1));
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void onlySingleRequestsCountAsCalls() {
    queue.add(single(1));
    queue.add(group(2, 3).get(0));
    queue.add(single(4));
    assertThat(queue.calls()).isEqualTo(2);
    assertThat(queue.first(Request::isOfGroup)).isPresent();
    assertThat(queue.first(request -> false)).isEmpty();
  }

  @Test
  void aRemovedRequestTakesTheRestOfItsGroupAlong() {
    List<Request> group = group(1, 2, 3);
    Request alone = single(4);
    queue.add(group.get(1));
    queue.add(alone);
    assertThat(queue.remove(request -> request == group.get(1)))
        .containsExactly(group.get(1), group.get(2));
    assertThat(queue.first(request -> true)).contains(alone);
    assertThat(queue.remove(request -> false)).isEmpty();
    assertThat(queue.isEmpty()).isFalse();
  }

  @Test
  void answersOfAGroupComeInTheOrderOfItsPrompts() {
    List<Request> group = group(1, 2);
    group.get(1).answer(answer("second"));
    assertThat(group.get(1).isOver()).isTrue();
    assertThat(group.get(0).isOver()).isFalse();
    group.get(0).answer(answer("first"));
    assertThat(Request.awaitAll(group))
        .extracting(Generation::text)
        .containsExactly("first", "second");
    assertThat(cancellation.isCancelled()).isFalse();
  }

  @Test
  void aRefusedRequestCancelsItsGroupAndTheFirstReasonIsThrown() {
    List<Request> group = group(1, 2, 3);
    group.get(0).answer(answer("first"));
    group.get(1).refuse(new IllegalStateException("no memory"));
    group.get(2).refuse(new IllegalStateException("closed"));
    assertThat(group.get(1).isRefused()).isTrue();
    assertThat(group.get(0).isRefused()).isFalse();
    refuses(IllegalStateException.class, () -> Request.awaitAll(group), "no memory");
    assertThat(group).allMatch(Request::isCancelled);
  }
}
