package io.adapt4j.spark.internal.train;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.SettingsException;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

/** What is said of a cluster that cannot run the workers of a training. */
class ClusterChecksTest {

  private final SparkConf conf =
      new SparkConf(false)
          .set("spark.master", "spark://host:7077")
          .set("spark.executor.memory", "9g");

  @Test
  void clusterWithoutExecutorsIsToldAsSuchAndNotAsRoomForNoWorkers() {
    for (int wanted : List.of(0, 2)) {
      assertThatThrownBy(() -> ClusterChecks.requireRoom(wanted, 0, 0, conf))
          .isInstanceOf(SettingsException.class)
          .hasMessageContaining("no executor has registered at spark://host:7077 within 30 s")
          .hasMessageContaining("spark.executor.memory=9g, spark.executor.cores=all")
          .message()
          .doesNotContain("0 workers");
    }
  }

  @Test
  void tooManyWorkersAreRefusedWithTheNumberThatFits() {
    assertThatThrownBy(() -> ClusterChecks.requireRoom(3, 2, 1, conf))
        .hasMessageContaining("3 workers need as many tasks")
        .hasMessageContaining("take 2 workers");
    assertThatCode(() -> ClusterChecks.requireRoom(2, 2, 1, conf)).doesNotThrowAnyException();
    assertThatCode(() -> ClusterChecks.requireRoom(0, 1, 1, conf)).doesNotThrowAnyException();
  }
}
