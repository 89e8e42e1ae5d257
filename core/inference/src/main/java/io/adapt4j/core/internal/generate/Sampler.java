package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the next token of one sequence from the model's logits.
 *
 * <p>Logits processing, in this order: bias, repetition penalty, frequency and presence penalties,
 * temperature, top-k, top-p and min-p as OpenAI and Hugging Face Transformers define them; then a
 * token is drawn from the softmax of the remaining logits. Tokens that a constraint forbids are
 * removed after the penalties. At temperature 0 the largest penalized logit wins, the lowest id in
 * a tie.
 *
 * <p>A sampler belongs to one row of a batch: it remembers the ids seen so far and has its own
 * random stream, so a row's tokens do not depend on the other rows. Not thread safe.
 */
final class Sampler {
  private final GenerationOptions options;
  private final RandomStream random;
  private final @Nullable AnswerConstraint constraint;

  private final BitSet seen = new BitSet();
  private int[] seenIds = new int[64];
  private int seenCount;

  /** Number of times each token was chosen, if a penalty needs it. */
  private final Map<Integer, Integer> uses = new HashMap<>();

  private @Nullable TokenLogprobs logprobs;

  /** Penalized logits of the whole vocabulary. */
  private float[] logits = {};

  // Remaining candidates in ascending order of id, with their tempered logits (the largest is 0)
  // and weights.
  private int[] ids = {};
  private float[] scores = {};
  private double[] weights = {};
  private int count;

  /** Creates the sampler of one row. */
  Sampler(GenerationOptions options, int row, int[] promptIds) {
    this(options, row, promptIds, null);
  }

  private Sampler(GenerationOptions options, RandomStream random) {
    this.options = options;
    this.random = random;
    this.constraint = null;
  }

  /** Creates the sampler of one row. */
  Sampler(
      GenerationOptions options, int row, int[] promptIds, @Nullable AnswerConstraint constraint) {
    this.options = options;
    this.constraint = constraint;
    random = new RandomStream(options.seed(), row);
    for (int id : promptIds) {
      remember(id);
    }
  }

  /**
   * Returns a sampler without a constraint that chooses from the same logits, with the same random
   * numbers, what this one will choose next. It shares its vocabulary-sized arrays with another.
   */
  Sampler ahead(@Nullable Sampler arrays) {
    Sampler ahead = new Sampler(options, random.copy());
    ahead.seen.or(seen);
    ahead.seenIds = seenIds.clone();
    ahead.seenCount = seenCount;
    ahead.uses.putAll(uses);
    if (arrays != null) {
      ahead.shareArrays(arrays);
    }
    return ahead;
  }

  /**
   * Uses the vocabulary-sized arrays of another row's sampler: no choice depends on their earlier
   * contents.
   */
  void shareArrays(Sampler other) {
    logits = other.logits;
    ids = other.ids;
    scores = other.scores;
    weights = other.weights;
  }

  /** Chooses from an array of logits, indexed by token id. */
  int next(float[] rowLogits) {
    return next(rowLogits, 0, rowLogits.length);
  }

  /**
   * Chooses from the logits of one row inside a larger array, which is left unchanged.
   *
   * @param source holds the row's logits at {@code from} (inclusive) to {@code to} (exclusive)
   */
  int next(float[] source, int from, int to) {
    int best = load(source, from, to);
    int id = options.isGreedy() ? best : draw(best);
    if (options.logprobs().isPresent()) {
      int alternatives = options.logprobs().getAsInt();
      logprobs = TokenProbabilities.of(source, from, to, id, alternatives);
    }
    use(id);
    return id;
  }

  /** Takes a forced token as if it had been chosen. */
  void take(int id) {
    if (!options.isGreedy()) {
      random.nextDouble();
    }
    use(id);
  }

  private void use(int id) {
    remember(id);
    if (options.frequencyPenalty() != 0 || options.presencePenalty() != 0) {
      uses.merge(id, 1, Integer::sum);
    }
  }

  /**
   * Returns the log-probabilities of the last token under the unchanged logits, if the options ask
   * for them.
   */
  Optional<TokenLogprobs> logprobs() {
    return Optional.ofNullable(logprobs);
  }

  /**
   * Returns whether the options reduce to the argmax of the unchanged logits, without
   * log-probabilities.
   */
  static boolean takesLikeliest(GenerationOptions options) {
    return options.isGreedy()
        && options.repetitionPenalty() == 1
        && options.frequencyPenalty() == 0
        && options.presencePenalty() == 0
        && options.logitBias().isEmpty()
        && options.logprobs().isEmpty();
  }

  /**
   * Returns the ids with a nonzero probability for these logits, in ascending order; draws nothing.
   */
  int[] candidates(float[] rowLogits) {
    filter(load(rowLogits, 0, rowLogits.length));
    return Arrays.copyOf(ids, count);
  }

  /** Returns the probability of each token for these logits; draws nothing. */
  double[] probabilities(float[] rowLogits) {
    filter(load(rowLogits, 0, rowLogits.length));
    double total = total();
    double[] probabilities = new double[rowLogits.length];
    for (int i = 0; i < count; i++) {
      probabilities[ids[i]] = weights[i] / total;
    }
    return probabilities;
  }

  private void remember(int id) {
    if (options.repetitionPenalty() == 1 || seen.get(id)) {
      return;
    }
    seen.set(id);
    if (seenCount == seenIds.length) {
      seenIds = Arrays.copyOf(seenIds, 2 * seenCount);
    }
    seenIds[seenCount++] = id;
  }

  /** Copies and penalizes the logits and returns the id of the largest. */
  private int load(float[] source, int from, int to) {
    if (logits.length != to - from) {
      logits = new float[to - from];
    }
    System.arraycopy(source, from, logits, 0, logits.length);
    penalize();
    if (constraint != null) {
      constraint.mask(logits);
    }
    int best = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < logits.length; id++) {
      float logit = logits[id];
      if (logit > max) {
        max = logit;
        best = id;
      } else if (Float.isNaN(logit)) {
        throw unusable("the logit of token id " + id + " is NaN");
      }
    }
    if (max == Float.POSITIVE_INFINITY) {
      throw unusable("the logit of token id " + best + " is infinite");
    }
    if (best < 0) {
      throw unusable("none of the " + logits.length + " logits is finite");
    }
    return best;
  }

  private static IllegalStateException unusable(String what) {
    return new IllegalStateException(
        "Cannot choose the next token: "
            + what
            + ". The weights are damaged or the computation overflowed; check the checkpoint and"
            + " try fp32.");
  }

  private void penalize() {
    options.logitBias().forEach((id, bias) -> add(id, bias));
    float penalty = (float) options.repetitionPenalty();
    for (int i = 0; i < seenCount; i++) {
      int id = seenIds[i];
      if (id < logits.length) {
        logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
      }
    }
    uses.forEach(
        (id, count) -> add(id, -(count * options.frequencyPenalty() + options.presencePenalty())));
  }

  private void add(int id, double bias) {
    if (id < logits.length) {
      logits[id] += (float) bias;
    }
  }

  private int draw(int best) {
    filter(best);
    double target = random.nextDouble() * total();
    double cumulative = 0;
    int chosen = ids[0];
    // With rounding, the target can equal the total: the last token with a nonzero weight is then
    // chosen.
    for (int i = 0; i < count && cumulative <= target; i++) {
      cumulative += weights[i];
      if (weights[i] > 0) {
        chosen = ids[i];
      }
    }
    return chosen;
  }

  private void filter(int best) {
    if (ids.length < logits.length) {
      ids = new int[logits.length];
      scores = new float[logits.length];
      weights = new double[logits.length];
    }
    gather(logits[best], topKThreshold());
    if (options.topP() < 1) {
      keepTopP();
    }
    if (options.minP() > 0) {
      keepMinP();
    }
  }

  /** Collects the tokens whose logit is at least a threshold, tempered and with softmax weights. */
  private void gather(float max, float threshold) {
    double temperature = options.temperature() == 0 ? 1 : options.temperature();
    count = 0;
    for (int id = 0; id < logits.length; id++) {
      float logit = logits[id];
      if (logit >= threshold && logit > Float.NEGATIVE_INFINITY) {
        ids[count] = id;
        scores[count] = (float) (((double) logit - max) / temperature);
        weights[count] = Math.exp(scores[count]);
        count++;
      }
    }
  }

  /** Returns the k-th largest logit, found with a heap of k values instead of a full sort. */
  private float topKThreshold() {
    int k = options.topK();
    if (k == 0 || k >= logits.length) {
      return Float.NEGATIVE_INFINITY;
    }
    float[] heap = Arrays.copyOf(logits, k);
    Arrays.sort(heap);
    for (int id = k; id < logits.length; id++) {
      if (logits[id] > heap[0]) {
        replaceSmallest(heap, logits[id]);
      }
    }
    return heap[0];
  }

  private static void replaceSmallest(float[] heap, float value) {
    int hole = 0;
    while (true) {
      int child = 2 * hole + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = value;
  }

  /**
   * Removes the least probable tokens while their total probability is at most 1 - p. Among equal
   * scores the lower ids go first, as in a stable ascending sort.
   */
  private void keepTopP() {
    float removable = (float) (1 - options.topP());
    double total = total();
    // All tokens below this probability together weigh less than 1 - p, so they need no sorting.
    double negligible = (1 - options.topP()) / (2.0 * count);
    double cumulative = 0;
    long[] order = new long[count];
    int sorted = 0;
    for (int i = 0; i < count; i++) {
      float probability = (float) (weights[i] / total);
      if (probability < negligible) {
        cumulative += probability;
      } else {
        order[sorted++] = sortKey(i);
      }
    }
    Arrays.sort(order, 0, sorted);
    int first = 0;
    while (first < sorted - 1) {
      int i = Arrays.binarySearch(ids, 0, count, (int) order[first]);
      cumulative += (float) (weights[i] / total);
      if ((float) cumulative > removable) {
        break;
      }
      first++;
    }
    long cutoff = order[first];
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (sortKey(i) >= cutoff) {
        move(i, kept++);
      }
    }
    count = kept;
  }

  /** Orders by score, then id. */
  private long sortKey(int i) {
    int bits = Float.floatToRawIntBits(scores[i]);
    int rising = bits ^ ((bits >> 31) & 0x7fffffff);
    return ((long) rising << 32) | ids[i];
  }

  private void keepMinP() {
    double total = total();
    double largest = 0;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, weights[i]);
    }
    float threshold = (float) options.minP() * (float) (largest / total);
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if ((float) (weights[i] / total) >= threshold) {
        move(i, kept++);
      }
    }
    count = kept;
  }

  private void move(int from, int to) {
    ids[to] = ids[from];
    scores[to] = scores[from];
    weights[to] = weights[from];
  }

  private double total() {
    double total = 0;
    for (int i = 0; i < count; i++) {
      total += weights[i];
    }
    return total;
  }
}
