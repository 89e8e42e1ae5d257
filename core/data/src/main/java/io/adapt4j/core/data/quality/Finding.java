package io.adapt4j.core.data.quality;

/**
 * A problem of a row or of the whole dataset. Messages never contain secrets.
 *
 * @param check the check that failed
 * @param row the row's index, from 0; -1 if it concerns several rows, or one that could not be read
 * @param place the source of the row, such as a file and line
 * @param message description of the problem
 */
public record Finding(Check check, int row, String place, String message) {}
