package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.train.ResourceUse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ResourceMeterTest {

  @Test
  void theShareIsTheProcessorTimeOverWhatAllProcessorsOffer() {
    assertThat(ResourceMeter.share(1_000, 4_000, 2 * 2_000)).hasValue(0.75);
    assertThat(ResourceMeter.share(0, 5_000, 4_000)).hasValue(1);
    assertThat(ResourceMeter.share(-1, -1, 4_000)).isEmpty();
    assertThat(ResourceMeter.share(0, 5_000, 0)).isEmpty();
  }

  @Test
  void aProcessOnLinuxKnowsItsMemoryAndProcessorTime() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "no /proc: not Linux");
    ResourceUse use = ResourceMeter.use(0, Long.MAX_VALUE / 1024);
    assertThat(use.heapBytes().orElseThrow()).isPositive();
    assertThat(use.residentBytes().orElseThrow()).isGreaterThan(1L << 20);
    assertThat(use.processorShare().orElseThrow()).isBetween(0.0, 1.0);
  }
}
