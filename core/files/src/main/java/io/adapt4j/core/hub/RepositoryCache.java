package io.adapt4j.core.hub;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * One repository in the cache, in the layout of the Python client:
 *
 * <pre>
 * models--owner--name/
 *   blobs/ETAG                   contents, named by their hash; ETAG.incomplete while they arrive
 *   snapshots/COMMIT/FILE        relative links to blobs
 *   refs/REVISION                the commit a branch or tag had when last downloaded
 *   .no_exist/COMMIT/FILE        empty: the commit has no such file
 *   trees/COMMIT.json            the commit's list of files
 * .locks/models--owner--name/ETAG.lock
 * </pre>
 */
final class RepositoryCache {

  /**
   * Age at which temporary files count as abandoned; another process that writes to the snapshot
   * takes less.
   */
  private static final Duration ABANDONED = Duration.ofHours(24);

  private final RepositoryId repository;
  private final Path folder;
  private final Path locks;
  private final Storage storage;

  RepositoryCache(RepositoryId repository, HubSettings settings) {
    this.repository = repository;
    this.folder = settings.cache().resolve(repository.folderName());
    this.locks = settings.cache().resolve(".locks").resolve(repository.folderName());
    this.storage = settings.storage();
  }

  Path snapshot(String commit) {
    return folder.resolve("snapshots").resolve(commit);
  }

  /** Returns the path of a file in a snapshot; a malicious name cannot escape it. */
  Path snapshotFile(String commit, String file) {
    return inside(snapshot(commit), file);
  }

  private Path inside(Path parent, String file) {
    Names.requireFile(repository, file);
    try {
      Path path = parent.resolve(file).normalize();
      if (path.startsWith(parent.normalize()) && !path.equals(parent.normalize())) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw new HubException(
          repository + ": this system cannot have a file named '" + Names.shown(file) + "'", e);
    }
    throw new HubException(
        repository + ": the file '" + Names.shown(file) + "' would lie outside of " + parent);
  }

  /**
   * Returns whether the file system takes names in upper and lower case for one, as Windows' do.
   */
  boolean ignoresCase() {
    String name = folder.getFileName().toString();
    return Files.isDirectory(folder)
        && Files.exists(folder.resolveSibling(name.toUpperCase(Locale.ROOT)));
  }

  Path blob(String etag) {
    return folder.resolve("blobs").resolve(etag);
  }

  Path partial(String etag) {
    return folder.resolve("blobs").resolve(etag + ".incomplete");
  }

  CacheLock lock(String etag) throws IOException {
    return CacheLock.acquire(locks.resolve(etag + ".lock"));
  }

  /** Returns the commit last seen for a revision. */
  Optional<String> commitOf(String revision) throws IOException {
    if (Names.isCommit(revision)) {
      return Optional.of(revision);
    }
    Path ref = folder.resolve("refs").resolve(revision);
    return Files.isRegularFile(ref)
        ? Optional.of(DiskFailures.call(ref, () -> Files.readString(ref)).strip())
            .filter(Names::isCommit)
        : Optional.empty();
  }

  /** Stores a revision's commit; a read-only cache is accepted if it is up to date. */
  void rememberCommit(String revision, String commit) throws IOException {
    if (!commitOf(revision).equals(Optional.of(commit))) {
      AtomicFiles.writeText(folder.resolve("refs").resolve(revision), commit);
    }
  }

  Optional<Listing> listing(String commit) throws IOException {
    Path tree = tree(commit);
    return Files.isRegularFile(tree)
        ? Listing.ofTree(commit, DiskFailures.call(tree, () -> Files.readString(tree)))
        : Optional.empty();
  }

  void rememberListing(Listing listing) throws IOException {
    Path tree = tree(listing.commit());
    if (listing.toTree().isPresent() && !Files.exists(tree)) {
      AtomicFiles.writeJson(tree, listing.toTree().get());
    }
  }

  private Path tree(String commit) {
    return folder.resolve("trees").resolve(commit + ".json");
  }

  /** Records that a commit lacks a file. */
  void rememberAbsence(String commit, String file) throws IOException {
    Path mark = inside(folder.resolve(".no_exist").resolve(commit), file);
    if (!Files.exists(mark)) {
      DiskFailures.run(mark, () -> AtomicFiles.write(mark, new byte[0]));
    }
  }

  /** Returns whether a snapshot has a file; a dangling link does not count. */
  boolean hasFile(String commit, String file) {
    return Files.isRegularFile(snapshotFile(commit, file));
  }

  /** Returns whether a complete blob exists; a damaged one is deleted. */
  boolean hasBlob(String etag, long size) throws IOException {
    Path blob = blob(etag);
    if (!Files.isRegularFile(blob)) {
      return false;
    }
    if (size < 0 || Files.size(blob) == size) {
      return true;
    }
    Files.delete(blob);
    return false;
  }

  /** Renames the finished partial file to the blob. */
  void finish(String etag) throws IOException {
    AtomicFiles.publish(partial(etag), blob(etag));
  }

  /** Links a blob into a snapshot under a file's name. */
  void link(String commit, String file, String etag) throws IOException {
    Path link = snapshotFile(commit, file);
    Path blob = blob(etag);
    Path folder = Objects.requireNonNull(link.getParent(), "a file of a snapshot is in its folder");
    Files.createDirectories(folder);
    Temporaries.sweepOlderThan(folder, ABANDONED);
    // A dangling link would block the new one.
    Files.deleteIfExists(link);
    try {
      storage.createSymbolicLink(link, folder.relativize(blob));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isRegularFile(link)) {
        throw e;
      }
    } catch (IOException | UnsupportedOperationException e) {
      DiskFailures.run(link, () -> linkOrCopy(link, blob));
    }
  }

  /**
   * Creates a symbolic link, else a hard link or a copy: Windows allows symbolic links only to some
   * users.
   */
  private static void linkOrCopy(Path link, Path blob) throws IOException {
    try {
      Files.createLink(link, blob);
    } catch (IOException | UnsupportedOperationException e) {
      AtomicFiles.copy(blob, link);
    }
  }

  /** Creates the blobs folder and rejects a download that does not fit on its disk. */
  void requireSpace(String file, long bytes) throws IOException {
    Path blobs = folder.resolve("blobs");
    Files.createDirectories(blobs);
    long free = storage.usableSpace(blobs);
    if (bytes > free) {
      throw new HubException(
          ("%s: %s needs %s more, but the disk of %s has %s free. Free some space, or set"
                  + " HF_HUB_CACHE to a folder on another disk")
              .formatted(
                  repository,
                  file,
                  ConsoleDownloads.bytes(bytes),
                  blobs,
                  ConsoleDownloads.bytes(free)));
    }
  }
}
