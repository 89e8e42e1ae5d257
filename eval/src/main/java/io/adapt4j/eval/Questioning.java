package io.adapt4j.eval;

import io.adapt4j.eval.task.Item;
import io.adapt4j.eval.task.Reply;
import io.adapt4j.eval.task.Request;
import io.adapt4j.eval.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * Puts the requests of tasks to a candidate, task by task: each different one once, those of
 * similar length together, the longest first, so that what does not fit into memory fails at once.
 */
final class Questioning implements AutoCloseable {

  private final Candidate candidate;
  private final Optional<ReplyStore> store;
  private final EvaluationListener listener;
  private final String name;
  private final int answersAtOnce;
  private final int likelihoodsAtOnce;
  private final Map<String, Reply> replies = new HashMap<>();
  private final IdentityHashMap<Item, List<String>> keys = new IdentityHashMap<>();
  private final PeakMemory memory = new PeakMemory();
  private int toAsk;
  private int done;
  private Tally tally = new Tally();

  Questioning(
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

  /** A request that has no reply yet. */
  private record Open(String key, Request request) {}

  /** What a task takes. */
  private static final class Tally {
    private final long start = System.nanoTime();
    private long asked;
    private long kept;
    private long promptTokens;
    private long newTokens;
    private long nanos;
  }

  /** Looks at all tasks' requests, so that it is known how many there are to ask. */
  void prepare(List<Task> tasks) {
    Set<String> open = new HashSet<>();
    for (Task task : tasks) {
      for (Item item : task.items()) {
        List<String> all = item.requests().stream().map(ReplyStore::key).toList();
        keys.put(item, all);
        all.stream()
            .filter(key -> store.flatMap(one -> one.find(key)).isEmpty())
            .forEach(open::add);
      }
    }
    toAsk = open.size();
  }

  /** Begins a task and asks whatever of it has no reply yet. */
  void ask(Task task) {
    tally = new Tally();
    List<Open> likelihoods = new ArrayList<>();
    List<Open> others = new ArrayList<>();
    open(task)
        .forEach(
            (key, request) ->
                (request instanceof Request.Likelihood ? likelihoods : others)
                    .add(new Open(key, request)));
    ask(likelihoods, likelihoodsAtOnce);
    others.stream()
        .collect(Collectors.groupingBy(one -> one.request().getClass()))
        .values()
        .forEach(alike -> ask(alike, answersAtOnce));
  }

  private Map<String, Request> open(Task task) {
    Map<String, Request> open = new LinkedHashMap<>();
    for (Item item : task.items()) {
      List<Request> requests = item.requests();
      for (int i = 0; i < requests.size(); i++) {
        String key = keys.get(item).get(i);
        if (replies.containsKey(key)) {
          continue;
        }
        Optional<Reply> reply = store.flatMap(one -> one.find(key));
        if (reply.isPresent()) {
          replies.put(key, reply.get());
          tally.kept++;
        } else {
          open.put(key, requests.get(i));
        }
      }
    }
    return open;
  }

  private void ask(List<Open> requests, int atOnce) {
    List<Open> sorted = new ArrayList<>(requests);
    ToIntFunction<Open> length = one -> length(one.request());
    sorted.sort(Comparator.comparingInt(length).reversed());
    for (int from = 0; from < sorted.size(); from += atOnce) {
      List<Open> batch = sorted.subList(from, Math.min(sorted.size(), from + atOnce));
      List<String> batchKeys = batch.stream().map(Open::key).toList();
      List<Reply> got = reply(batch.stream().map(Open::request).toList());
      store.ifPresent(one -> one.add(batchKeys, got));
      for (int i = 0; i < batchKeys.size(); i++) {
        replies.put(batchKeys.get(i), got.get(i));
      }
      done += batch.size();
      listener.asked(name, done, toAsk);
    }
  }

  private List<Reply> reply(List<Request> requests) {
    long start = System.nanoTime();
    Candidate.Replies answer = candidate.reply(requests);
    tally.nanos += System.nanoTime() - start;
    if (answer.replies().size() != requests.size()) {
      throw new IllegalStateException(
          "The candidate '"
              + name
              + "' gave "
              + answer.replies().size()
              + " replies to "
              + requests.size()
              + " requests");
    }
    tally.asked += requests.size();
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
    return keys.get(item).stream().map(replies::get).toList();
  }

  /** What the task has taken since {@link #ask}. */
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
