package io.adapt4j.lora;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Adapters under every fault at every call: weights never go with the configuration of others. */
class AdapterUnderFaultsTest {

  private static void write(Path folder, byte value) {
    TensorData tensor =
        TensorData.of(
            "base_model.model.a.lora_A.weight",
            StoredType.F32,
            List.of(1L),
            () -> ByteBuffer.wrap(new byte[] {value, value, value, value}));
    PeftFolder.write(
        folder, JsonNodeFactory.instance.objectNode().put("lora_alpha", value), List.of(tensor));
  }

  private static String read(Path folder) throws Exception {
    try (Checkpoint weights = Checkpoint.openFile(folder.resolve("adapter_model.safetensors"))) {
      return Files.readString(folder.resolve("adapter_config.json"))
          + weights.bytes("base_model.model.a.lora_A.weight").get(0);
    }
  }

  @Test
  void anAdapterInThePlaceOfAnother() throws Exception {
    int faults =
        FaultCheck.of("adapter")
            .before(folder -> write(folder, (byte) 1))
            .writing(folder -> write(folder, (byte) 2))
            .reading(AdapterUnderFaultsTest::read)
            .damageIsTold()
            .run();
    assertThat(faults).isGreaterThan(150);
  }

  @Test
  void anAdapterInThePlaceOfAnotherAfterASweep() throws Exception {
    int faults =
        FaultCheck.of("adapter, read after a sweep")
            .before(folder -> write(folder, (byte) 1))
            .writing(folder -> write(folder, (byte) 2))
            .reading(
                folder -> {
                  Temporaries.sweep(folder);
                  return read(folder);
                })
            .run();
    assertThat(faults).isGreaterThan(150);
  }
}
