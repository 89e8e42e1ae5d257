package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.examples.receipts.Receipt;
import io.adapt4j.examples.receipts.Receipt.Layout;
import io.adapt4j.vision.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Receipts, and their way through two trainings. */
class ReadReceiptsTest {

  @TempDir private Path folder;

  @Test
  void aSeedDrawsTheSameReceiptsAndAnotherSeedOthers() {
    Receipt one = Receipt.draw(Layout.KIOSK, new SplittableRandom(1));
    Receipt again = Receipt.draw(Layout.KIOSK, new SplittableRandom(1));
    Receipt other = Receipt.draw(Layout.KIOSK, new SplittableRandom(2));
    assertThat(again.json()).isEqualTo(one.json()).isNotEqualTo(other.json());
    assertThat(again.picture().rgb()).isEqualTo(one.picture().rgb());
  }

  @Test
  void rowsNamePicturesThatAreThere() throws IOException {
    Path rows = Receipt.write(folder, "photographs", Layout.KIOSK, 3, 7);
    assertThat(Files.readAllLines(rows)).hasSize(3);
    assertThat(Datasets.jsonl(rows).size()).isEqualTo(3);
    Receipt first = Receipt.draw(Layout.KIOSK, new SplittableRandom(7));
    assertThat(Picture.read(folder.resolve("photographs/0.jpg")).rgb())
        .isEqualTo(first.picture().rgb());
    assertThat(Files.readString(rows)).contains(first.shop(), first.date(), first.total());
  }

  @Test
  void bothTrainingsRunTwiceIntoOneFolder() {
    ReadReceipts.Sizes sizes = new ReadReceipts.Sizes(8, 1, 8, 1, 2);
    for (int i = 0; i < 2; i++) {
      assertThat(ReadReceipts.run(folder, Path.of("data", "reader"), sizes, 0)).hasSize(2);
    }
    assertThat(folder.resolve("adapter/last/adapter_model.safetensors")).exists();
  }
}
