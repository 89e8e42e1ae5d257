package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Models stored in 4 bits, on a disk that fails. */
class QuantizedUnderFaultsTest {

  private static String read(Path folder) throws Exception {
    try (Checkpoint weights = Checkpoint.open(folder)) {
      return weights.names().size() + Files.readString(folder.resolve("config.json"));
    }
  }

  @Test
  void aModelInThePlaceOfAnother() throws Exception {
    Path plain = Golden.folder("models/llama");
    int faults =
        FaultCheck.of("model in 4 bits")
            .before(folder -> QuantizedCheckpoint.quantize(plain, folder, Quantization.nf4()))
            .writing(
                folder ->
                    QuantizedCheckpoint.quantize(
                        plain, folder, Quantization.nf4().doubleQuant(false)))
            .reading(QuantizedUnderFaultsTest::read)
            .damageIsTold()
            .every(17)
            .run();
    assertThat(faults).isGreaterThan(30);
  }
}
