package io.adapt4j.core.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.method.MergeMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A search for merge weights under faults, each repeated until the best merge is there. */
class MergeSearchUnderFaultsTest {

  @TempDir private Path temp;

  private static String read(Path folder) throws IOException {
    Path model = folder.resolve("merged/model.safetensors");
    return Files.exists(model) ? FileDigest.sha256(model) : "none";
  }

  private static void search(Path model, Path folder) {
    if (Files.exists(folder.resolve("merged"))) {
      return;
    }
    ModelMerge merge =
        ModelMerge.of(MergeMethod.mergekit(MergeMethod.Algorithm.LINEAR).normalize(false))
            .and(model, 0.5)
            .and(model, 0.25);
    MergeSearch.of(merge).evaluations(2).run(candidate -> 1, folder.resolve("merged"));
  }

  @Test
  void search() throws Exception {
    Path model = SmallModel.write(temp.resolve("model"));
    int faults =
        FaultCheck.of("merge search")
            .writing(folder -> search(model, folder))
            .reading(MergeSearchUnderFaultsTest::read)
            .keeping("merged\\.candidate.*")
            .every(3)
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
