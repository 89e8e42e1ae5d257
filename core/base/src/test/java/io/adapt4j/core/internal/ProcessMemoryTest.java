package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProcessMemoryTest {

  @Test
  void residentMemoryIsReadFromTheStatusTextInKilobytes() {
    String status = "Name:\tjava\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\nThreads:\t9\n";
    assertThat(ProcessMemory.find(status, "VmRSS:")).hasValue(2048 * 1024);
    assertThat(ProcessMemory.find(status, "VmHWM:")).hasValue(4096 * 1024);
  }

  @Test
  void aStatusTextWithoutResidentMemoryGivesNone() {
    assertThat(ProcessMemory.find("Name:\tkthreadd\n", "VmRSS:")).isEmpty();
    assertThat(ProcessMemory.find("VmRSS:\n", "VmRSS:")).isEmpty();
  }

  @Test
  void thePeakIsNoLessThanWhatWasResidentBefore() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "no /proc: not Linux");
    long resident = ProcessMemory.resident().orElseThrow();
    assertThat(resident).isGreaterThan(1L << 20);
    assertThat(ProcessMemory.peak().orElseThrow()).isGreaterThanOrEqualTo(resident);
  }
}
