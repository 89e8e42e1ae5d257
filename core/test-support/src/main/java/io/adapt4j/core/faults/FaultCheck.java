package io.adapt4j.core.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a writer once for every call it makes of the disk and every way in which that call can fail,
 * and looks at what is there then: the old content or the new one, whole; no file left behind; and
 * an error that names the file, the cause and a remedy.
 *
 * <p>{@code -Dadapt4j.faults=long} tries more of what a power cut can leave.
 */
public final class FaultCheck {

  private static final boolean LONG = "long".equals(System.getProperty("adapt4j.faults"));
  private static final int SEEDS = LONG ? 25 : 3;
  private static final int SHOWN = 12;

  /** In the build one of so many is written again. */
  private static final int REPEATED = 3;

  private static final Path MEMORY = Path.of("/dev/shm");

  private static final Map<Fault, Pattern> CAUSES = new EnumMap<>(Fault.class);

  static {
    CAUSES.put(Fault.SHORT_WRITE, Pattern.compile("there is no reason to fail"));
    CAUSES.put(Fault.NO_SPACE, Pattern.compile("disk is full|No space left"));
    CAUSES.put(Fault.PARTLY_NO_SPACE, Pattern.compile("disk is full|No space left"));
    CAUSES.put(Fault.PARTLY_IO_ERROR, Pattern.compile("Input/output error"));
    CAUSES.put(Fault.IO_ERROR, Pattern.compile("Input/output error"));
    CAUSES.put(Fault.READ_ONLY, Pattern.compile("Read-only file system"));
    CAUSES.put(Fault.INTERRUPTED, Pattern.compile("interrupted|cancelled"));
    CAUSES.put(Fault.DENIED, Pattern.compile("AccessDenied|permission"));
  }

  private static final Pattern REMEDY =
      Pattern.compile(
          "[Ff]ree some space|permissions|run it again|[Cc]heck|[Cc]hoose|Try|name another|is"
              + " kept");

  /** Writes below a folder, or makes what is there before. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes.
     *
     * @param folder the folder of the test
     * @throws Exception if the disk fails
     */
    void write(Path folder) throws Exception;
  }

  /** Reads what a writer left, as the library does. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Reads.
     *
     * @return all of the content, so that equal texts are equal contents
     * @throws Exception if it is damaged
     */
    String read(Path folder) throws Exception;
  }

  private final String name;
  private Writer before = folder -> {};
  private Writer writer = folder -> {};
  private Reader reader = folder -> "";
  private boolean explains = true;
  private boolean forced = true;
  private boolean sweeps;
  private boolean required = true;
  private boolean damageTold;
  private Predicate<String> others = content -> false;
  private int distance = 1;
  private final Set<Fault> exempt = new HashSet<>();
  private Pattern kept = Pattern.compile("(?!)");

  private final List<String> problems = new ArrayList<>();
  private int faults;
  private int cuts;

  private FaultCheck(String name) {
    this.name = name;
  }

  /**
   * Starts a check.
   *
   * @param name what writes
   * @return a new check
   */
  public static FaultCheck of(String name) {
    return new FaultCheck(name);
  }

  /**
   * Says what is there before.
   *
   * @param before makes it; on the device, and without faults
   */
  public FaultCheck before(Writer before) {
    this.before = before;
    return this;
  }

  /**
   * Says what is tested.
   *
   * @param writer replaces the content
   */
  public FaultCheck writing(Writer writer) {
    this.writer = writer;
    return this;
  }

  /**
   * Says how the content is read.
   *
   * @param reader reads it
   */
  public FaultCheck reading(Reader reader) {
    this.reader = reader;
    return this;
  }

  /** Allows errors that only name the cause, for what others call that explain it. */
  public FaultCheck explainedByCallers() {
    explains = false;
    return this;
  }

  /** Allows that a power cut takes what was written, whole, even after the writer has returned. */
  public FaultCheck notForced() {
    forced = false;
    return this;
  }

  /** Demands that the next write removes what a power cut has left behind. */
  public FaultCheck sweeping() {
    sweeps = true;
    return this;
  }

  /** Allows that a writer does without what it could not write, and tells nobody. */
  public FaultCheck optional() {
    required = false;
    return this;
  }

  /** Allows that a power cut leaves a mixture, as long as the reader refuses it. */
  public FaultCheck damageIsTold() {
    damageTold = true;
    return this;
  }

  /**
   * Allows other contents than the old and the new one, such as a part of what is appended.
   *
   * @param contents tests what the reader says
   */
  public FaultCheck or(Predicate<String> contents) {
    others = contents;
    return this;
  }

  /**
   * Tries only every so many calls unless more is asked for, where one takes long.
   *
   * @param calls the distance
   */
  public FaultCheck every(int calls) {
    distance = LONG ? 1 : calls;
    return this;
  }

  /**
   * Allows files that stay, such as a part of a download.
   *
   * @param regex their paths below the folder
   */
  public FaultCheck keeping(String regex) {
    kept = Pattern.compile(regex);
    return this;
  }

  /** Leaves interrupts out, for what never runs on a thread that is interrupted. */
  public FaultCheck withoutInterrupts() {
    exempt.add(Fault.INTERRUPTED);
    return this;
  }

  /**
   * Leaves out a disk that has become read-only, such as where a library asserts that none does.
   */
  public FaultCheck withoutReadOnly() {
    exempt.add(Fault.READ_ONLY);
    return this;
  }

  /**
   * Runs everything.
   *
   * @return how many faults were injected, power cuts among them
   * @throws Exception if the writer fails without a fault
   */
  public int run() throws Exception {
    Path all =
        Files.isWritable(MEMORY)
            ? Files.createTempDirectory(MEMORY, "adapt4j-faults")
            : Files.createTempDirectory("adapt4j-faults");
    try {
      Path old = Files.createDirectory(all.resolve("old"));
      before.write(new FaultyDisk(old).folder());
      String oldContent = reader.read(old);
      Set<String> names = names(old);
      Path fresh = copy(old, all.resolve("new"));
      FaultyDisk disk = new FaultyDisk(fresh);
      writer.write(disk.folder());
      String newContent = reader.read(fresh);
      names.addAll(names(fresh));
      if (newContent.equals(oldContent)) {
        throw new AssertionError(name + ": the writer changes nothing that is read");
      }
      Contents contents = new Contents(oldContent, newContent, names);
      List<DiskCall> calls = disk.calls();
      for (int call = 0; call < calls.size(); call += distance) {
        for (Fault fault : Fault.values()) {
          if (fault != Fault.POWER_CUT && !exempt.contains(fault) && fault.hits(calls.get(call))) {
            fail(old, all.resolve("failing"), fault, call, contents);
          }
        }
        if (Fault.POWER_CUT.hits(calls.get(call))) {
          cut(old, all, call, contents);
        }
      }
      cut(old, all, calls.size(), contents);
      System.out.printf(
          "faults: %s: %d calls, %d faults, %d power cuts%n", name, calls.size(), faults, cuts);
    } finally {
      delete(all);
    }
    if (!problems.isEmpty()) {
      throw new AssertionError(
          "%s: %d problems in %d faults and %d power cuts:%n  %s"
              .formatted(
                  name,
                  problems.size(),
                  faults,
                  cuts,
                  String.join("\n  ", problems.subList(0, Math.min(SHOWN, problems.size())))));
    }
    return faults + cuts;
  }

  private record Contents(String before, String after, Set<String> names) {}

  private @Nullable Throwable attempt(FaultyDisk disk) {
    try {
      writer.write(disk.folder());
      return null;
    } catch (Exception | AssertionError e) {
      return e;
    } finally {
      // The flag of an injected interrupt.
      Thread.interrupted();
    }
  }

  private void fail(Path old, Path work, Fault fault, int call, Contents contents)
      throws IOException {
    copy(old, work);
    FaultyDisk disk = new FaultyDisk(work).failing(fault, call);
    Throwable failure = attempt(disk);
    faults++;
    String where = "%s at call %d".formatted(fault, call);
    if (!disk.hasStruck()) {
      problems.add(where + ": never came to that call");
      delete(work);
      return;
    }
    where += " (" + disk.failed() + ")";
    checkContent(where, work, failure == null && required, fault == Fault.READ_ONLY, contents);
    if (failure != null) {
      checkError(where, work, fault, disk.failed(), failure, isNew(work, contents));
    }
    Set<String> left = names(work);
    left.removeAll(contents.names());
    left.removeIf(file -> kept.matcher(file).matches());
    if (!left.isEmpty() && fault != Fault.READ_ONLY && !isCleaning(disk.failed(), failure)) {
      problems.add(where + ": left behind " + left + " after " + failure);
    }
    if (LONG || call % REPEATED == 0) {
      checkRepeat(where, work, contents);
    }
    delete(work);
  }

  /**
   * Deletes a folder. Files that cannot be deleted stay; folders that cannot be listed are tried
   * last.
   */
  private static boolean isCleaning(DiskCall call, @Nullable Throwable failure) {
    return call == DiskCall.DELETE
        || (failure == null && (call == DiskCall.LIST || call == DiskCall.STAT));
  }

  private void cut(Path old, Path all, int call, Contents contents) throws IOException {
    Path work = copy(old, all.resolve("cut"));
    FaultyDisk disk = new FaultyDisk(work).failing(Fault.POWER_CUT, call);
    Throwable failure = attempt(disk);
    boolean done = failure == null && !disk.hasStruck() && forced;
    for (DurableTree.Unforced unforced : DurableTree.Unforced.values()) {
      int seeds = unforced == DurableTree.Unforced.SOME ? SEEDS : 1;
      for (int seed = 0; seed < seeds; seed++) {
        Path remains = all.resolve("remains");
        disk.tree().writeRemains(remains, unforced, 1000L * call + seed);
        cuts++;
        String where =
            "power cut at call %d (%s), unforced %s, seed %d"
                .formatted(
                    call, disk.hasStruck() ? disk.failed() : "after the end", unforced, seed);
        checkContent(where, remains, done, true, contents);
        if (LONG || (call + cuts) % REPEATED == 0) {
          checkRepeat(where, remains, contents);
        }
        delete(remains);
      }
    }
    delete(work);
  }

  private void checkContent(String where, Path work, boolean done, boolean cut, Contents contents) {
    String found;
    try {
      found = reader.read(work);
    } catch (Exception | AssertionError e) {
      if (!damageTold || done || !cut) {
        problems.add(where + ": cannot be read: " + e);
      }
      return;
    }
    boolean fits =
        done
            ? found.equals(contents.after())
            : found.equals(contents.before())
                || found.equals(contents.after())
                || others.test(found);
    if (!fits) {
      problems.add(where + (done ? ": returned, but found " : ": found ") + shortened(found));
    }
  }

  /** Repeats the write after a fault, over the files that the fault left. */
  private void checkRepeat(String where, Path remains, Contents contents) {
    try {
      // Through a disk that does not fail, where forcing costs nothing.
      writer.write(new FaultyDisk(remains).folder());
      String found = reader.read(remains);
      if (!found.equals(contents.after()) && !others.test(found)) {
        problems.add(where + ": written again, found " + shortened(found));
      }
      Set<String> left = names(remains);
      left.removeAll(contents.names());
      left.removeIf(file -> kept.matcher(file).matches());
      if (sweeps && !left.isEmpty()) {
        problems.add(where + ": written again, and still there are " + left);
      }
    } catch (Exception | AssertionError e) {
      problems.add(where + ": cannot be written again: " + e);
    }
  }

  private boolean isNew(Path work, Contents contents) {
    try {
      return reader.read(work).equals(contents.after());
    } catch (Exception | AssertionError e) {
      return false;
    }
  }

  private void checkError(
      String where, Path work, Fault fault, DiskCall call, Throwable failure, boolean isNew) {
    boolean ours =
        failure instanceof IOException
            || failure instanceof UncheckedIOException
            || failure.getClass().getName().startsWith("io.adapt4j.");
    if (!ours) {
      problems.add(where + ": told as " + failure);
    }
    String text = String.valueOf(failure.getMessage());
    boolean named = text.contains(work.toString()) || text.contains(relative(work));
    if (explains && !named && fault != Fault.INTERRUPTED) {
      problems.add(where + ": names no file: " + failure);
    }
    if (text.contains("unchanged") && isNew) {
      problems.add(where + ": said to be unchanged, but is not: " + failure);
    }
    boolean reads = call == DiskCall.STAT || call == DiskCall.LIST || call == DiskCall.READ;
    if (explains && !reads && !CAUSES.get(fault).matcher(text).find()) {
      problems.add(where + ": does not tell the cause: " + failure);
    }
    if (explains && !reads && !REMEDY.matcher(text).find()) {
      problems.add(where + ": names no remedy: " + failure);
    }
  }

  private static String relative(Path work) {
    return work.getFileName().toString() + "/";
  }

  private static String shortened(String text) {
    return text.length() <= 300 ? text : text.substring(0, 300) + "...";
  }

  private static Set<String> names(Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.forEach(path -> names.add(folder.relativize(path).toString()));
    }
    return names;
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : tree.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)), LinkOption.NOFOLLOW_LINKS);
      }
    }
    return to;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
