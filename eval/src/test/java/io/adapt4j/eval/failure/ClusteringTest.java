package io.adapt4j.eval.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.eval.TaskResult;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ClusteringTest {

  private static final List<String> TOPICS = List.of("refund", "parcel", "password");

  /** Near one of three axes by the topic in the text, with a little noise that the text decides. */
  private static List<float[]> embed(List<String> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (String text : texts) {
      Random random = new Random(text.hashCode());
      float[] vector = new float[8];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = 0.1f * random.nextFloat();
      }
      for (int topic = 0; topic < TOPICS.size(); topic++) {
        vector[topic] += text.toLowerCase(Locale.ROOT).contains(TOPICS.get(topic)) ? 1 : 0;
      }
      vectors.add(vector);
    }
    return vectors;
  }

  /** As many failures of each topic, and two right answers of another one. */
  private static FailureAnalysis failures(int... ofTopics) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int topic = 0; topic < ofTopics.length; topic++) {
      for (int i = 0; i < ofTopics[topic]; i++) {
        outcomes.add(
            outcome(TOPICS.get(topic) + i, "Please tell me: where is the " + TOPICS.get(topic), 0));
      }
    }
    outcomes.add(outcome("r1", "Please tell me: where is the shop", 1));
    outcomes.add(outcome("r2", "Please tell me: where is the exit", 1));
    return FailureAnalysis.of(
        new TaskResult(
            "support",
            false,
            List.of(TaskMetric.mean("score")),
            Map.of("score", new ConfidenceInterval(0.1, 0, 0.2, 0.95)),
            outcomes));
  }

  private static Outcome outcome(String id, String prompt, double score) {
    return new Outcome(
        id, prompt, "x", "y", Map.of("score", score), OptionalDouble.empty(), Map.of());
  }

  @Test
  void findsTheGroupsAndHowManyThereAre() {
    List<FailureCluster> clusters =
        failures(9, 6, 4).clusters(Clustering.with(ClusteringTest::embed));

    assertThat(clusters)
        .extracting(failureCluster -> failureCluster.outcomes().size())
        .containsExactly(9, 6, 4);
    for (FailureCluster cluster : clusters) {
      Set<String> topics =
          cluster.outcomes().stream()
              .map(outcome -> outcome.id().replaceAll("\\d", ""))
              .collect(Collectors.toSet());
      assertThat(topics).hasSize(1);
      assertThat(cluster.words().get(0)).isEqualTo(topics.iterator().next());
      assertThat(cluster.cohesion()).isGreaterThan(0.9);
    }
  }

  @Test
  void namesAClusterByWhatTellsItFromAllItems() {
    List<FailureCluster> list = failures(5).clusters(Clustering.with(ClusteringTest::embed));

    // Words that all items have, right ones too, tell nothing.
    assertThat(list).hasSize(1);
    assertThat(list.get(0).name()).isEqualTo("refund");
  }

  @Test
  void makesAsManyClustersAsAsked() {
    FailureAnalysis failures = failures(9, 6, 4);

    assertThat(failures.clusters(Clustering.with(ClusteringTest::embed).count(2))).hasSize(2);
    assertThat(failures.clusters(Clustering.with(ClusteringTest::embed).atMost(1))).hasSize(1);
    assertThat(failures(2).clusters(Clustering.with(ClusteringTest::embed).count(5)))
        .hasSizeBetween(1, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Clustering.with(ClusteringTest::embed).count(0))
        .withMessageContaining("found 0");
  }

  @Test
  void readsWhatItIsToldTo() {
    List<FailureCluster> clusters =
        failures(3, 3).clusters(Clustering.with(ClusteringTest::embed).text(Outcome::got));

    assertThat(clusters).hasSize(1);
  }

  @Property(tries = 50)
  void givesTheSameClustersForTheSameSeedAndEveryFailureOnce(
      @ForAll @IntRange(min = 1, max = 12) int first,
      @ForAll @IntRange(min = 0, max = 12) int second,
      @ForAll long seed) {
    FailureAnalysis failures = failures(first, second);
    Clustering clustering = Clustering.with(ClusteringTest::embed).seed(seed);

    List<FailureCluster> clusters = failures.clusters(clustering);

    assertThat(clusters).isEqualTo(failures.clusters(clustering));
    assertThat(clusters.stream().flatMap(cluster -> cluster.outcomes().stream()))
        .containsExactlyInAnyOrderElementsOf(failures.failures());
  }

  @Test
  void refusesVectorsThatPointNowhere() {
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                failures(2)
                    .clusters(
                        Clustering.with(
                            texts -> texts.stream().map(text -> new float[4]).toList())))
        .withMessageContaining("zero");
    assertThatIllegalStateException()
        .isThrownBy(() -> failures(2).clusters(Clustering.with(texts -> List.of())))
        .withMessageContaining("0 vectors for 2 texts");
  }

  @Test
  void silhouettesEqualTheWorkedExample() {
    float[][] vectors = {{1, 0}, {1, 0}, {0, 1}, {0.6f, 0.8f}};

    // By hand 1, 1, 0.8 and 0.5.
    assertThat(new Silhouette(vectors).of(new int[] {0, 0, 1, 1}, 2))
        .isCloseTo(0.825, within(1e-6));
  }
}
