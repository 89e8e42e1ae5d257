package io.adapt4j.core.data.quality;

/**
 * Something wrong with a row or with the whole data. Messages name no part of a secret.
 *
 * @param check what is wrong
 * @param row the row's number, from 0; -1 where it is about more than a row, or one that could not
 *     be read
 * @param place where the row comes from, such as a file and its line
 * @param message what was found
 */
public record Finding(Check check, int row, String place, String message) {}
