package io.adapt4j.core.internal.sequence;

import io.adapt4j.core.generate.SequenceOptions.EarlyStopping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BiFunction;

/**
 * Beam search as in Transformers: the most likely hypotheses of each text continue together, and
 * complete ones compare by log-probability over a power of their length. For one call.
 */
final class BeamSearch {

  /** Score that prevents a token from being chosen, in the reference's single precision. */
  private static final float LOWEST = -1e9f;

  private static final Comparator<Ranked> BEST_FIRST =
      Comparator.<Ranked>comparingDouble(ranked -> -ranked.score()).thenComparing(Ranked::index);

  private final SequenceSettings settings;
  private final TokenRules rules;
  private final int beams;
  private final int vocabulary;
  private final int candidates;
  private final List<Text> texts = new ArrayList<>();

  /** A score and its index among those it is compared with. */
  private record Ranked(float score, int index) {}

  /** A hypothesis extended by one token. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Candidate(float score, int beam, int[] ids, boolean ends) {}

  /** A finished hypothesis, or an empty slot for one. */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  private record Complete(float score, int[] ids, boolean isComplete) {}

  /** The hypotheses for one source. */
  private final class Text {
    private final int[][] running = new int[beams][];
    private final float[] scores = new float[beams];
    private final int[] from = new int[beams];
    private List<Complete> complete = new ArrayList<>();
    private boolean improvable = true;
    private boolean stuck;

    Text() {
      Arrays.fill(running, new int[] {settings.start()});
      Arrays.fill(scores, 1, beams, LOWEST);
      for (int i = 0; i < beams; i++) {
        complete.add(new Complete(LOWEST, running[0], false));
      }
    }

    boolean isFull() {
      return complete.stream().allMatch(Complete::isComplete);
    }

    void step(float[] logits, int firstRow, int length) {
      List<Candidate> found = candidates(logits, firstRow, length);
      stuck = found.stream().allMatch(Candidate::ends);
      takeComplete(found, length);
      continueWith(found);
      updateImprovable(length + 1);
    }

    private List<Candidate> candidates(float[] logits, int firstRow, int length) {
      PriorityQueue<Ranked> best = new PriorityQueue<>(BEST_FIRST.reversed());
      for (int beam = 0; beam < beams; beam++) {
        int at = (firstRow + beam) * vocabulary;
        logSoftmax(logits, at, vocabulary);
        rules.apply(logits, at, vocabulary, running[beam]);
        for (int token = 0; token < vocabulary; token++) {
          float score = logits[at + token] + scores[beam];
          if (best.size() < candidates) {
            best.add(new Ranked(score, beam * vocabulary + token));
          } else if (score > best.element().score()) {
            best.remove();
            best.add(new Ranked(score, beam * vocabulary + token));
          }
        }
      }
      List<Candidate> found = new ArrayList<>();
      best.stream().sorted(BEST_FIRST).forEach(ranked -> found.add(candidate(ranked, length)));
      return found;
    }

    private Candidate candidate(Ranked ranked, int length) {
      int beam = ranked.index() / vocabulary;
      int token = ranked.index() % vocabulary;
      boolean ends = settings.eos().contains(token) || length + 1 >= settings.maxLength();
      return new Candidate(
          ranked.score(), beam, SequenceWriter.appended(running[beam], token), ends);
    }

    /**
     * Moves finished candidates to the complete ones. Only the best candidates may finish; the ones
     * ranked lower are there to continue.
     */
    private void takeComplete(List<Candidate> found, int length) {
      float divisor = (float) Math.pow(length, settings.lengthPenalty());
      boolean closed = isFull() && settings.earlyStopping() == EarlyStopping.WHEN_COMPLETE;
      List<Complete> all = new ArrayList<>(complete);
      for (int i = 0; i < found.size(); i++) {
        Candidate candidate = found.get(i);
        boolean ends = candidate.ends() && i < beams;
        float score = candidate.score() / divisor;
        score += closed ? LOWEST : 0;
        score += improvable ? 0 : LOWEST;
        score += ends ? 0 : LOWEST;
        all.add(new Complete(score, candidate.ids(), ends));
      }
      complete =
          ranked(all.stream().map(Complete::score).toList(), beams).stream().map(all::get).toList();
    }

    private void continueWith(List<Candidate> found) {
      List<Float> open =
          found.stream()
              .map(candidate -> candidate.score() + (candidate.ends() ? LOWEST : 0))
              .toList();
      List<Integer> chosen = ranked(open, beams);
      for (int i = 0; i < beams; i++) {
        Candidate candidate = found.get(chosen.get(i));
        running[i] = candidate.ids();
        scores[i] = open.get(chosen.get(i));
        from[i] = candidate.beam();
      }
    }

    private void updateImprovable(int length) {
      boolean hopes =
          settings.earlyStopping() == EarlyStopping.NEVER && settings.lengthPenalty() > 0;
      int longest = hopes ? settings.maxLength() - 1 : length - 1;
      float possible = scores[0] / (float) Math.pow(longest, settings.lengthPenalty());
      float worst = Float.POSITIVE_INFINITY;
      for (Complete text : complete) {
        worst = Math.min(worst, text.score());
      }
      boolean better = false;
      for (Complete text : complete) {
        better |= possible > (text.isComplete() ? worst : LOWEST);
      }
      improvable &= better;
    }
  }

  BeamSearch(SequenceSettings settings, int sources, int vocabulary) {
    this.settings = settings;
    this.rules = new TokenRules(settings);
    this.beams = settings.beams();
    this.vocabulary = vocabulary;
    this.candidates = Math.max(2, 1 + settings.eos().size()) * beams;
    for (int i = 0; i < sources; i++) {
      texts.add(new Text());
    }
  }

  /** Runs the search. */
  List<int[]> run(BiFunction<int[], long[], float[]> next) {
    long[] order = {};
    for (int length = 1; length < settings.maxLength() && continues(); length++) {
      float[] logits = next.apply(last(), order);
      for (int i = 0; i < texts.size(); i++) {
        texts.get(i).step(logits, i * beams, length);
      }
      order = order();
    }
    return texts.stream()
        .map(text -> text.complete.get(0).ids())
        .map(ids -> Arrays.copyOfRange(ids, 1, ids.length))
        .toList();
  }

  private boolean continues() {
    boolean improvable = texts.stream().anyMatch(text -> text.improvable);
    boolean full = texts.stream().allMatch(Text::isFull);
    boolean stuck = texts.stream().allMatch(text -> text.stuck);
    boolean complete = full && settings.earlyStopping() == EarlyStopping.WHEN_COMPLETE;
    return improvable && !complete && !stuck;
  }

  private int[] last() {
    return texts.stream()
        .flatMap(text -> Arrays.stream(text.running))
        .mapToInt(ids -> ids[ids.length - 1])
        .toArray();
  }

  private long[] order() {
    long[] order = new long[texts.size() * beams];
    for (int i = 0; i < order.length; i++) {
      long first = i / beams * (long) beams;
      order[i] = first + texts.get(i / beams).from[i % beams];
    }
    return order;
  }

  /** Returns the indices of the highest scores, best first. */
  private static List<Integer> ranked(List<Float> scores, int count) {
    List<Ranked> all = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      all.add(new Ranked(scores.get(i), i));
    }
    return all.stream().sorted(BEST_FIRST).limit(count).map(Ranked::index).toList();
  }

  /** Turns scores into log-probabilities, in place. */
  private static void logSoftmax(float[] scores, int from, int count) {
    float highest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      highest = Math.max(highest, scores[i]);
    }
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += Math.exp(scores[i] - highest);
    }
    double shift = highest + Math.log(sum);
    for (int i = from; i < from + count; i++) {
      scores[i] = (float) (scores[i] - shift);
    }
  }
}
