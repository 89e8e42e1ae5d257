package io.adapt4j.studio.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.studio.internal.store.Runs.Kind;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Runs.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the studio keeps, under every fault at every call of the disk. */
class StoresUnderFaultsTest {

  /** Work with a workspace. */
  private interface Use {
    void with(Workspace workspace) throws Exception;
  }

  private static void use(Path folder, Use use) throws Exception {
    try (Workspace workspace = new Workspace(folder)) {
      use.with(workspace);
    }
  }

  private static void check(String name, Use before, Use writing, Use reading, List<String> read)
      throws Exception {
    int faults =
        FaultCheck.of(name)
            .before(folder -> use(folder, before))
            .writing(folder -> use(folder, writing))
            .reading(
                folder -> {
                  read.clear();
                  use(folder, reading);
                  return read.toString();
                })
            .explainedByCallers()
            .keeping("(runs|plans|data)(/.*)?|studio\\.lock")
            .run();
    assertThat(faults).isGreaterThan(40);
  }

  private static Runs runs(Workspace workspace) {
    return new Runs(workspace, Kind.TRAINING);
  }

  @Test
  void aRun() throws Exception {
    List<String> read = new ArrayList<>();
    check(
        "run of the studio",
        workspace -> runs(workspace).add("a-1", "a", "", "{}"),
        workspace -> runs(workspace).add("b-1", "b", "p", "{\"model\": 1}"),
        workspace -> {
          for (Run run : runs(workspace).all()) {
            read.add(run.name() + Files.readString(runs(workspace).description(run.id())));
          }
        },
        read);
  }

  @Test
  void theStateOfARun() throws Exception {
    List<String> read = new ArrayList<>();
    check(
        "state of a run of the studio",
        workspace -> runs(workspace).add("a-1", "a", "", "{}"),
        workspace -> runs(workspace).save(runs(workspace).get("a-1").in(State.DONE, 0)),
        workspace -> read.add(runs(workspace).get("a-1").state().name()),
        read);
  }

  @Test
  void aDeletedRun() throws Exception {
    List<String> read = new ArrayList<>();
    check(
        "deleted run of the studio",
        workspace -> {
          Run run = runs(workspace).add("a-1", "a", "", "{}");
          runs(workspace).save(run.in(State.DONE, 0));
        },
        workspace -> {
          for (Run run : runs(workspace).all()) {
            runs(workspace).delete(run);
          }
        },
        workspace -> runs(workspace).all().forEach(run -> read.add(run.id())),
        read);
  }

  @Test
  void aPlan() throws Exception {
    List<String> read = new ArrayList<>();
    check(
        "plan of the studio",
        workspace -> {},
        workspace -> {
          if (new Plans(workspace).all().isEmpty()) {
            new Plans(workspace).add("a", "s", "model: b");
          }
        },
        workspace -> new Plans(workspace).all().forEach(plan -> read.add(plan.yaml())),
        read);
  }
}
