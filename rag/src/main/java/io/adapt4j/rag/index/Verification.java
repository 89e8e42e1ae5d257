package io.adapt4j.rag.index;

/** What is checked of a {@link LuceneIndex} when it is opened. */
enum Verification {
  /**
   * That all files of the last commit exist and begin and end as they should. Does not read them
   * whole: a bit that flipped on disk or in a copy may change results without an error.
   */
  NONE,
  /**
   * The checksum of every file, which finds every flipped bit. Reads all files once: 0.4 to 0.6
   * seconds for 86 MB on a busy machine of two cores, or as long as the disk takes.
   */
  CHECKSUMS,
  /**
   * Besides checksums, that the parts of the index agree with each other, by Lucene's {@code
   * CheckIndex}. Finds what a faulty program or processor wrote with correct checksums, and takes
   * about thirty times longer.
   */
  STRUCTURE
}
