package io.adapt4j.core.internal.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.SequenceOptions.EarlyStopping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Beam search against a search through everything, on scores that depend on all tokens before. */
class BeamSearchTest {

  private static final int VOCABULARY = 5;
  private static final int EOS = 1;
  private static final int LENGTH = 5;

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 0", "3, -0.5", "4, 2", "5, 1", "6, 0.5"})
  void enoughBeamsFindTheBestOfAllTexts(long seed, double penalty) {
    SequenceSettings settings = settings(625, penalty, EarlyStopping.NEVER, 0, 0);
    assertThat(search(settings, seed, seed + 100))
        .containsExactly(best(settings, seed), best(settings, seed + 100));
  }

  @ParameterizedTest
  @ValueSource(longs = {7, 8, 9})
  void rulesHoldInEveryBeam(long seed) {
    SequenceSettings settings = settings(625, 1, EarlyStopping.NEVER, 2, 4);
    assertThat(search(settings, seed)).containsExactly(best(settings, seed));
  }

  @ParameterizedTest
  @ValueSource(longs = {10, 11, 12, 13})
  void fewBeamsFindNothingBetterThanMany(long seed) {
    SequenceSettings few = settings(2, 1, EarlyStopping.NEVER, 0, 0);
    int[] found = search(few, seed).get(0);
    assertThat(score(few, found, seed)).isLessThanOrEqualTo(score(few, best(few, seed), seed));
    assertThat(found[found.length - 1] == EOS || found.length == LENGTH - 1).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {20, 21, 22})
  void aSearchThatStopsWhenCompleteStopsBeforeOneThatNeverDoes(long seed) {
    int[] steps = new int[1];
    int[] eager = new int[1];
    run(settings(2, 0, EarlyStopping.NEVER, 0, 0), steps, seed);
    run(settings(2, 0, EarlyStopping.WHEN_COMPLETE, 0, 0), eager, seed);
    assertThat(eager[0]).isLessThanOrEqualTo(steps[0]);
  }

  private static SequenceSettings settings(
      int beams, double penalty, EarlyStopping stopping, int ngram, int least) {
    return new SequenceSettings(
        0,
        0,
        Set.of(EOS),
        beams,
        LENGTH,
        least,
        penalty,
        stopping,
        ngram,
        Set.of(0),
        OptionalInt.empty(),
        OptionalInt.of(EOS));
  }

  private static List<int[]> search(SequenceSettings settings, long... seeds) {
    return run(settings, new int[1], seeds);
  }

  private static List<int[]> run(SequenceSettings settings, int[] steps, long... seeds) {
    int beams = settings.beams();
    List<int[]> rows = new ArrayList<>();
    for (int i = 0; i < seeds.length * beams; i++) {
      rows.add(new int[0]);
    }
    return new BeamSearch(settings, seeds.length, VOCABULARY)
        .run(
            (last, order) -> {
              steps[0]++;
              List<int[]> before = List.copyOf(rows);
              float[] scores = new float[last.length * VOCABULARY];
              for (int row = 0; row < last.length; row++) {
                int[] ids = before.get(order.length == 0 ? row : (int) order[row]);
                rows.set(row, SequenceWriter.appended(ids, last[row]));
                float[] own = scores(rows.get(row), seeds[row / beams]);
                System.arraycopy(own, 0, scores, row * VOCABULARY, VOCABULARY);
              }
              return scores;
            });
  }

  /** What a model would say after these tokens. */
  private static float[] scores(int[] ids, long seed) {
    Random random = new Random(31 * seed + Arrays.hashCode(ids));
    float[] scores = new float[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      scores[i] = (float) (2 * random.nextGaussian());
    }
    return scores;
  }

  private static int[] best(SequenceSettings settings, long seed) {
    List<int[]> complete = new ArrayList<>();
    enumerate(settings, new int[] {0}, complete);
    int[] best = complete.get(0);
    for (int[] text : complete) {
      best = score(settings, text, seed) > score(settings, best, seed) ? text : best;
    }
    return best;
  }

  /** All texts that the rules allow, said once more in plain words. */
  private static void enumerate(SequenceSettings settings, int[] ids, List<int[]> complete) {
    if (ids.length == LENGTH || ids[ids.length - 1] == EOS) {
      complete.add(Arrays.copyOfRange(ids, 1, ids.length));
      return;
    }
    for (int token = 0; token < VOCABULARY; token++) {
      boolean last = ids.length == LENGTH - 1;
      boolean early = token == EOS && ids.length < settings.minLength();
      boolean again = settings.ngram() == 2 && hasPair(ids, ids[ids.length - 1], token);
      if (last ? token == EOS : token != 0 && !early && !again) {
        enumerate(settings, SequenceWriter.appended(ids, token), complete);
      }
    }
  }

  private static boolean hasPair(int[] ids, int first, int second) {
    for (int i = 0; i + 1 < ids.length; i++) {
      if (ids[i] == first && ids[i + 1] == second) {
        return true;
      }
    }
    return false;
  }

  private static double score(SequenceSettings settings, int[] text, long seed) {
    double sum = 0;
    int[] ids = {0};
    for (int token : text) {
      if (ids.length < LENGTH - 1) {
        float[] scores = scores(ids, seed);
        double all = 0;
        for (float score : scores) {
          all += Math.exp(score);
        }
        sum += scores[token] - Math.log(all);
      }
      ids = SequenceWriter.appended(ids, token);
    }
    return sum / Math.pow(text.length, settings.lengthPenalty());
  }
}
