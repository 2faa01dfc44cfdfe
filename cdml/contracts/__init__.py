"""Data contracts: what data must hold, inferred once, frozen in the repository, checked before anything trains.

Pure over tables: files come in as blocks of rows, findings go out as data. The checks are our own, on pandas: a
contract says what pandera's schemas have no words for (a share of empty cells, a rule for unseen values, what is
there in serving, leaks), and it is checked block by block, where pandera wants the whole table.
`contracts.pandera` reads and writes pandera's schemas.
"""
