package io.adapt4j.eval;

import io.adapt4j.eval.task.Item;
import io.adapt4j.eval.task.Reply;
import io.adapt4j.eval.task.Request;
import io.adapt4j.eval.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * Puts the requests of tasks to a candidate: each different one once, those of similar length
 * together, the longest first, so that what does not fit into memory fails at once.
 */
final class Questioning {

  private final Candidate candidate;
  private final Optional<ReplyStore> store;
  private final EvaluationListener listener;
  private final String name;
  private final Map<String, Reply> replies = new HashMap<>();
  private long asked;
  private long kept;
  private long promptTokens;
  private long newTokens;
  private long nanos;

  Questioning(
      String name, Candidate candidate, Optional<ReplyStore> store, EvaluationListener listener) {
    this.name = name;
    this.candidate = candidate;
    this.store = store;
    this.listener = listener;
  }

  /** A request that has no reply yet. */
  private record Open(String key, Request request) {}

  void ask(List<Task> tasks, int answersAtOnce, int likelihoodsAtOnce) {
    Map<String, Request> open = open(tasks);
    List<Open> likelihoods = new ArrayList<>();
    List<Open> texts = new ArrayList<>();
    List<Open> answers = new ArrayList<>();
    open.forEach(
        (key, request) -> {
          if (request instanceof Request.Likelihood) {
            likelihoods.add(new Open(key, request));
          } else if (request instanceof Request.WholeText) {
            texts.add(new Open(key, request));
          } else {
            answers.add(new Open(key, request));
          }
        });
    Progress progress = new Progress(open.size());
    ask(likelihoods, likelihoodsAtOnce, progress);
    ask(texts, answersAtOnce, progress);
    ask(answers, answersAtOnce, progress);
  }

  /** How far the asking is. */
  private final class Progress {
    private final int all;
    private int done;

    Progress(int all) {
      this.all = all;
    }

    void add(int more) {
      done += more;
      listener.asked(name, done, all);
    }
  }

  private Map<String, Request> open(List<Task> tasks) {
    Map<String, Request> open = new LinkedHashMap<>();
    for (Task task : tasks) {
      for (Item item : task.items()) {
        for (Request request : item.requests()) {
          String key = ReplyStore.key(request);
          Optional<Reply> reply = store.flatMap(one -> one.find(key));
          if (reply.isPresent()) {
            kept += replies.put(key, reply.get()) == null ? 1 : 0;
          } else {
            open.put(key, request);
          }
        }
      }
    }
    return open;
  }

  private void ask(List<Open> requests, int atOnce, Progress progress) {
    List<Open> sorted = new ArrayList<>(requests);
    ToIntFunction<Open> length = one -> length(one.request());
    sorted.sort(Comparator.comparingInt(length).reversed());
    for (int from = 0; from < sorted.size(); from += atOnce) {
      List<Open> batch = sorted.subList(from, Math.min(sorted.size(), from + atOnce));
      List<String> keys = batch.stream().map(Open::key).toList();
      List<Reply> got = reply(batch.stream().map(Open::request).toList());
      store.ifPresent(one -> one.add(keys, got));
      for (int i = 0; i < keys.size(); i++) {
        replies.put(keys.get(i), got.get(i));
      }
      progress.add(batch.size());
    }
  }

  private List<Reply> reply(List<Request> requests) {
    long start = System.nanoTime();
    Candidate.Replies answer = candidate.reply(requests);
    nanos += System.nanoTime() - start;
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
    asked += requests.size();
    promptTokens += answer.promptTokens();
    newTokens += answer.newTokens();
    return answer.replies();
  }

  private static int length(Request request) {
    if (request instanceof Request.Likelihood one) {
      return one.context().length() + one.continuation().length();
    }
    return request instanceof Request.WholeText one
        ? one.text().length()
        : ((Request.Answer) request).prompt().length();
  }

  List<Reply> replies(Item item) {
    return item.requests().stream().map(one -> replies.get(ReplyStore.key(one))).toList();
  }

  Cost cost(Duration total) {
    return new Cost(asked, kept, promptTokens, newTokens, Duration.ofNanos(nanos), total);
  }
}
