package io.adapt4j.core.internal.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Folders of trained values under every fault at every call. */
class ValueFolderUnderFaultsTest {

  private static void write(Path folder, byte value) {
    TensorData tensor =
        TensorData.of(
            "w",
            StoredType.F32,
            List.of(1L),
            () -> ByteBuffer.wrap(new byte[] {value, value, value, value}));
    ValueFolder.SELECTION.write(folder, "method" + value, Path.of("base"), List.of(tensor));
  }

  @Test
  void valuesAndTheirDescription() throws Exception {
    int faults =
        FaultCheck.of("selected parameters")
            .before(folder -> write(folder, (byte) 1))
            .writing(folder -> write(folder, (byte) 2))
            .reading(
                folder -> {
                  try (Checkpoint values = ValueFolder.SELECTION.open(folder)) {
                    return ValueFolder.SELECTION.method(folder) + values.bytes("w").get(0);
                  }
                })
            .damageIsTold()
            .run();
    assertThat(faults).isGreaterThan(150);
  }
}
