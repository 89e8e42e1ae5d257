package io.adapt4j.eval;

import io.adapt4j.eval.internal.ReplyStore;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Sends the requests of tasks to a candidate, task by task: each distinct one once, those of
 * similar length together, the longest first, so that requests that do not fit into memory fail at
 * once.
 */
final class RequestRunner implements AutoCloseable {

  private final Candidate candidate;
  private final Optional<ReplyStore> store;
  private final EvaluationListener listener;
  private final String name;
  private final int answersAtOnce;
  private final int likelihoodsAtOnce;
  private final Map<Request, Reply> replies = new HashMap<>();
  private final IdentityHashMap<Item, List<Request>> requests = new IdentityHashMap<>();
  private final PeakMemory memory = new PeakMemory();
  private long keepingNanos;
  private int toAsk;
  private int done;
  private Counter tally = new Counter();

  RequestRunner(
      String name,
      Candidate candidate,
      Optional<ReplyStore> store,
      EvaluationListener listener,
      int answersAtOnce,
      int likelihoodsAtOnce) {
    this.name = name;
    this.candidate = candidate;
    this.store = store;
    this.listener = listener;
    this.answersAtOnce = answersAtOnce;
    this.likelihoodsAtOnce = likelihoodsAtOnce;
  }

  /** Cost of a task. */
  private static final class Counter {
    private final long start = System.nanoTime();
    private long asked;
    private long kept;
    private long promptTokens;
    private long newTokens;
    private long nanos;
  }

  /** Collects all tasks' requests to know their number. */
  void prepare(List<Task> tasks) {
    Set<Request> open = new HashSet<>();
    for (Task task : tasks) {
      for (Item item : task.items()) {
        List<Request> all = requests.computeIfAbsent(item, Item::requests);
        all.stream().filter(request -> kept(request).isEmpty()).forEach(open::add);
      }
    }
    toAsk = open.size();
  }

  private Optional<Reply> kept(Request request) {
    return store.flatMap(replyStore -> replyStore.find(request));
  }

  /** Starts a task and sends its requests that have no reply yet. */
  void ask(Task task) {
    tally = new Counter();
    Map<String, List<Request>> byKind =
        open(task).stream()
            .collect(
                Collectors.groupingBy(
                    collector -> collector.getClass().getName(),
                    TreeMap::new,
                    Collectors.toList()));
    for (List<Request> alike : byKind.values()) {
      ask(alike, alike.get(0) instanceof Request.Likelihood ? likelihoodsAtOnce : answersAtOnce);
    }
  }

  private Set<Request> open(Task task) {
    Set<Request> open = new LinkedHashSet<>();
    for (Item item : task.items()) {
      for (Request request : requestsOf(item)) {
        if (replies.containsKey(request)) {
          continue;
        }
        Optional<Reply> reply = kept(request);
        if (reply.isPresent()) {
          replies.put(request, reply.get());
          tally.kept++;
        } else {
          open.add(request);
        }
      }
    }
    return open;
  }

  private void ask(List<Request> open, int atOnce) {
    List<Request> sorted = new ArrayList<>(open);
    sorted.sort(Comparator.comparingInt(RequestRunner::length).reversed());
    for (int from = 0; from < sorted.size(); from += atOnce) {
      List<Request> batch = sorted.subList(from, Math.min(sorted.size(), from + atOnce));
      List<Reply> got = reply(batch);
      store.ifPresent(ReplyStore::force);
      for (int i = 0; i < batch.size(); i++) {
        replies.put(batch.get(i), got.get(i));
      }
      done += batch.size();
      listener.asked(name, done, toAsk);
    }
  }

  /** Stores a reply before the candidate receives another request. */
  private synchronized void keep(Request request, GivenRequests given, int index, Reply reply) {
    long start = System.nanoTime();
    store.ifPresent(
        replyStore ->
            replyStore.add(request, given.requests().get(index), given.retrieves(), reply));
    keepingNanos += System.nanoTime() - start;
  }

  private List<Reply> reply(List<Request> batch) {
    long start = System.nanoTime();
    keepingNanos = 0;
    GivenRequests given = GivenRequests.of(candidate, batch);
    Candidate.Replies answer =
        given
            .candidate()
            .reply(given.requests(), (index, got) -> keep(batch.get(index), given, index, got));
    tally.nanos += System.nanoTime() - start - keepingNanos;
    if (answer.replies().size() != batch.size()) {
      throw new IllegalStateException(
          "The candidate '%s' gave %s replies to %s requests"
              .formatted(name, answer.replies().size(), batch.size()));
    }
    for (int i = 0; i < batch.size(); i++) {
      if (!ReplyStore.answers(answer.replies().get(i), batch.get(i))) {
        throw new IllegalStateException(
            "The candidate '%s' gave a reply of the kind %s to a request of the kind %s"
                .formatted(
                    name,
                    answer.replies().get(i).getClass().getSimpleName(),
                    batch.get(i).getClass().getSimpleName()));
      }
    }
    tally.asked += batch.size();
    tally.promptTokens += answer.promptTokens();
    tally.newTokens += answer.newTokens();
    return answer.replies();
  }

  private static int length(Request request) {
    if (request instanceof Request.Likelihood one) {
      return one.context().length() + one.continuation().length();
    }
    if (request instanceof Request.WholeText one) {
      return one.text().length();
    }
    return request instanceof Request.Answer one
        ? one.prompt().length()
        : ((Request.Classification) request).text().length();
  }

  List<Reply> replies(Item item) {
    return requestsOf(item).stream().map(replies::get).toList();
  }

  private List<Request> requestsOf(Item item) {
    return Objects.requireNonNull(requests.get(item), "asked before");
  }

  /** Returns the task's cost since {@link #ask}. */
  Cost cost() {
    return new Cost(
        tally.asked,
        tally.kept,
        tally.promptTokens,
        tally.newTokens,
        Duration.ofNanos(tally.nanos),
        Duration.ofNanos(System.nanoTime() - tally.start),
        memory.next());
  }

  @Override
  public void close() {
    memory.close();
  }
}
