package io.adapt4j.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.MachineMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where memory limits are found. */
class DeviceTest {

  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Files.createDirectories(root.resolve(file).getParent());
    Files.writeString(root.resolve(file), text);
  }

  @Test
  void theSmallestLimitOfAGroupAndThoseAboveItCounts() throws IOException {
    write("proc/self/cgroup", "0::/pods/one\n");
    write("sys/fs/cgroup/pods/memory.max", "4000\n");
    write("sys/fs/cgroup/pods/one/memory.max", "max\n");
    assertThat(MachineMemory.limit(root)).isEqualTo(4000);
  }

  @Test
  void aContainerThatSeesNoPathOfItsOwnReadsTheMount() throws IOException {
    write("proc/self/cgroup", "0::/../hidden\n");
    write("sys/fs/cgroup/memory.max", "5000\n");
    assertThat(MachineMemory.limit(root)).isIn(5000L, Long.MAX_VALUE);
    write("proc/self/cgroup", "0::/\n");
    assertThat(MachineMemory.limit(root)).isEqualTo(5000);
  }

  @Test
  void groupsOfTheFirstVersionAreReadToo() throws IOException {
    write("proc/self/cgroup", "5:cpu:/a\n4:memory:/a\n");
    write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "6000\n");
    assertThat(MachineMemory.limit(root)).isEqualTo(6000);
  }

  @Test
  void withoutLimitsTheMachineIsTheLimit() {
    assertThat(MachineMemory.limit(root)).isEqualTo(Long.MAX_VALUE);
    assertThat(Device.machine().bytes()).isPositive();
    assertThat(Device.current()).isEqualTo(Device.machine());
  }

  @Test
  void aDeviceHasMemory() {
    assertThatThrownBy(() -> Device.gpu("none", 0)).hasMessageContaining("'none'");
  }
}
