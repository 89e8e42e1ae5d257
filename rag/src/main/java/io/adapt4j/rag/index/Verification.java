package io.adapt4j.rag.index;

/** Verification of a {@link LuceneIndex} on opening. */
enum Verification {
  /**
   * Checks that all files of the last commit exist, with valid headers and footers. Does not read
   * them fully: a bit flip on disk or in a copy may change results without an error.
   */
  NONE,
  /**
   * Checks the checksum of every file, which detects any bit flip. Reads all files once: 0.4 to 0.6
   * seconds for 86 MB on a busy machine of two cores, or as long as the disk takes.
   */
  CHECKSUMS,
  /**
   * Also checks the index's consistency with Lucene's {@code CheckIndex}. Detects data that a
   * faulty program or processor wrote with correct checksums; takes about thirty times longer.
   */
  STRUCTURE
}
